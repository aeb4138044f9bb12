/** A table from pairs of numbers to pairs of numbers, all from 0 on: open addressing over one flat array. */
export class PairTable {
  #entries = new Int32Array(1024 * WORDS).fill(FREE)
  #count = 0

  /** @returns where the pair's entry is, for `first` and `second`, or -1 */
  find(a: number, b: number): number {
    const entries = this.#entries
    const mask = entries.length / WORDS - 1
    for (let slot = hashOf(a, b) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS
      if (entries[at] === a && entries[at + 1] === b) return at
      if (entries[at] === FREE) return -1
    }
  }

  first(at: number): number {
    return this.#entries[at + 2]
  }

  second(at: number): number {
    return this.#entries[at + 3]
  }

  /** Adds a pair that is not there. @returns where its entry is */
  add(a: number, b: number, first: number, second: number): number {
    if (++this.#count * 3 > (this.#entries.length / WORDS) * 2) this.#grow()
    return this.#insert(a, b, first, second)
  }

  /** Calls back for each pair, in no particular order. */
  each(tell: (a: number, b: number, first: number, second: number) => void): void {
    const entries = this.#entries
    for (let at = 0; at < entries.length; at += WORDS) {
      if (entries[at] !== FREE) tell(entries[at], entries[at + 1], entries[at + 2], entries[at + 3])
    }
  }

  get bytes(): number {
    return this.#entries.byteLength
  }

  get count(): number {
    return this.#count
  }

  #insert(a: number, b: number, first: number, second: number): number {
    const entries = this.#entries
    const mask = entries.length / WORDS - 1
    let slot = hashOf(a, b) & mask
    while (entries[slot * WORDS] !== FREE) slot = (slot + 1) & mask
    const at = slot * WORDS
    entries[at] = a
    entries[at + 1] = b
    entries[at + 2] = first
    entries[at + 3] = second
    return at
  }

  #grow(): void {
    const old = this.#entries
    this.#entries = new Int32Array(old.length * 2).fill(FREE)
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] !== FREE) this.#insert(old[at], old[at + 1], old[at + 2], old[at + 3])
    }
  }
}

const WORDS = 4
const FREE = -1

function hashOf(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
