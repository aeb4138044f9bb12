import type { State } from './model.ts'

/** What `StateSet` may be asked to hold: the numbers of states must fit in 31 bits. */
const STATES_MAX = 2 ** 31 - 1

/**
 * States, each once, numbered as they come: an open-addressing hash table over flat typed arrays. A state costs its words and
 * 4 bytes divided by how full the table is (a third to two thirds), and nothing for the garbage collector.
 */
export class StateSet {
  readonly words: number
  count = 0
  #states: Int32Array<ArrayBuffer>
  /** Number of the state plus 1; 0: free. */
  #slots: Int32Array
  #mask: number

  /** @param words of a state */
  constructor(words: number) {
    this.words = words
    this.#states = new Int32Array(words * SMALLEST)
    this.#slots = new Int32Array(SMALLEST)
    this.#mask = SMALLEST - 1
  }

  /** Bytes of memory in use for the table. */
  get bytes(): number {
    return this.#states.byteLength + this.#slots.byteLength
  }

  /** @returns the number of the state if it is new; if not, the bitwise complement of its number */
  add(state: State): number {
    const slot = this.#slotOf(state)
    const found = this.#slots[slot]
    return found === 0 ? this.#insert(state, slot) : ~(found - 1)
  }

  /** The number of a state, or -1. */
  indexOf(state: State): number {
    return this.#slots[this.#slotOf(state)] - 1
  }

  read(index: number, into: State): void {
    const at = index * this.words
    for (let word = 0; word < this.words; word++) into[word] = this.#states[at + word]
  }

  /** A copy of a state. */
  state(index: number): State {
    return this.#states.slice(index * this.words, (index + 1) * this.words)
  }

  /** The slot that holds the state, or is free for it. */
  #slotOf(state: State): number {
    const { words } = this
    const [states, slots, mask] = [this.#states, this.#slots, this.#mask]
    for (let slot = hashOf(state, 0, words) & mask; ; slot = (slot + 1) & mask) {
      if (slots[slot] === 0) return slot
      const at = (slots[slot] - 1) * words
      let word = 0
      while (word < words && states[at + word] === state[word]) word++
      if (word === words) return slot
    }
  }

  #insert(state: State, slot: number): number {
    const index = this.count++
    if (index >= STATES_MAX) throw new RangeError(`more than ${STATES_MAX} states`)
    if (this.count * this.words > this.#states.length) this.#states = grown(this.#states)
    this.#states.set(state, index * this.words)
    this.#slots[slot] = index + 1
    if (this.count * 3 > this.#slots.length * 2) this.#rehash()
    return index
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    this.#mask = this.#slots.length - 1
    const { words } = this
    const [states, slots, mask] = [this.#states, this.#slots, this.#mask]
    for (let index = 0; index < this.count; index++) {
      let slot = hashOf(states, index * words, words) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = index + 1
    }
  }
}

/** Of the state that begins at `at`. */
function hashOf(states: Int32Array, at: number, words: number): number {
  let hash = 0x2545f491
  for (let word = 0; word < words; word++) {
    hash = Math.imul(hash ^ states[at + word], 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

const SMALLEST = 1024

/** Twice as long while it is small, half as long again later. */
export function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(array.length < LARGE ? array.length * 2 : Math.ceil(array.length * 1.5))
  longer.set(array)
  return longer
}

const LARGE = 2 ** 22
