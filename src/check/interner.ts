import { grown } from './state-set.ts'

/** Sequences of 32-bit words of any length, each once, numbered as they come. */
export class Interner {
  #words = new Int32Array(4096)
  /** Of each sequence where it starts; the next one's start is its end. */
  #starts = new Int32Array(1024)
  /** Number of the sequence plus 1; 0: free. */
  #slots = new Int32Array(1024)
  count = 0

  /** The number of a sequence; a new one gets the next. */
  intern(sequence: ArrayLike<number>): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(sequence) & mask
    for (let found = this.#slots[slot]; found !== 0; found = this.#slots[slot]) {
      if (this.#is(found - 1, sequence)) return found - 1
      slot = (slot + 1) & mask
    }
    return this.#append(sequence, slot)
  }

  /** The words of a sequence; valid until the next one is interned. */
  at(index: number): Int32Array {
    return this.#words.subarray(this.#starts[index], this.#starts[index + 1])
  }

  get bytes(): number {
    return this.#words.byteLength + this.#starts.byteLength + this.#slots.byteLength
  }

  #is(index: number, sequence: ArrayLike<number>): boolean {
    const start = this.#starts[index]
    if (this.#starts[index + 1] - start !== sequence.length) return false
    for (let i = 0; i < sequence.length; i++) if (this.#words[start + i] !== sequence[i]) return false
    return true
  }

  #append(sequence: ArrayLike<number>, slot: number): number {
    const index = this.count++
    const start = this.#starts[index]
    while (start + sequence.length > this.#words.length) this.#words = grown(this.#words)
    this.#words.set(sequence, start)
    if (index + 2 > this.#starts.length) this.#starts = grown(this.#starts)
    this.#starts[index + 1] = start + sequence.length
    this.#slots[slot] = index + 1
    if (this.count * 3 > this.#slots.length * 2) this.#rehash()
    return index
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.count; index++) {
      let slot = hashOf(this.at(index)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = index + 1
    }
  }
}

function hashOf(sequence: ArrayLike<number>): number {
  let hash = 0x2545f491 ^ sequence.length
  for (let i = 0; i < sequence.length; i++) {
    hash = Math.imul(hash ^ sequence[i], 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash ^ (hash >>> 16)
}
