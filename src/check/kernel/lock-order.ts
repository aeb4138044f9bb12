/** Which locks were ever taken while which were held: as lockdep does, whether or not it came to a deadlock. */
export class LockOrder {
  /** Of each lock those taken inside it, one bit each. */
  readonly #inside: number[]
  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    this.names = names
    this.#inside = names.map(() => 0)
  }

  /** A task that holds some locks takes another. @returns whether that lock was ever held around one of them */
  take(held: number, lock: number): boolean {
    let isTangled = false
    for (let outer = 0; outer < this.names.length; outer++) {
      if (outer === lock || ((held >> outer) & 1) === 0) continue
      this.#inside[outer] |= 1 << lock
      isTangled ||= ((this.#allInside(lock) >> outer) & 1) === 1
    }
    return isTangled
  }

  /** Taken inside this one, or inside one of those. */
  #allInside(lock: number): number {
    let all = this.#inside[lock]
    for (let before = 0; before !== all; ) {
      before = all
      for (let inner = 0; inner < this.names.length; inner++) if ((all >> inner) & 1) all |= this.#inside[inner]
    }
    return all
  }
}
