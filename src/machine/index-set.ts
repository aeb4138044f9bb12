import { assert } from '../arch/index.ts'

/**
 * An immutable set of small numbers: the cores that have a region optimised, a CPU mask. Sets of one `SetSpace` are
 * interned: equal sets are the same object, so that they compare with `===` and a union is remembered.
 */
export interface IndexSet {
  /** Number of members. */
  readonly size: number
  /** 32 members a word, lowest first. */
  readonly words: Uint32Array
  /** Number of this set within its space, in order of first use. */
  readonly id: number
}

/** All subsets of 0..`capacity`-1 that were ever asked for. */
export class SetSpace {
  readonly capacity: number
  readonly none: IndexSet
  readonly all: IndexSet
  readonly #byKey = new Map<string, IndexSet>()
  readonly #unions = new Map<number, IndexSet>()
  readonly #minuses = new Map<number, IndexSet>()

  constructor(capacity: number) {
    assert(capacity > 0 && Number.isInteger(capacity), 'a set space has members')
    this.capacity = capacity
    this.none = this.#intern(new Uint32Array(Math.ceil(capacity / 32)))
    this.all = this.where(() => true)
  }

  of(members: Iterable<number>): IndexSet {
    const words = new Uint32Array(this.none.words.length)
    for (const member of members) {
      assert(member >= 0 && member < this.capacity, `${member} is a member of 0..${this.capacity - 1}`)
      words[member >>> 5] |= 1 << (member & 31)
    }
    return this.#intern(words)
  }

  /** The set that has these words. */
  fromWords(words: Uint32Array): IndexSet {
    return this.#intern(words)
  }

  where(has: (member: number) => boolean): IndexSet {
    const words = new Uint32Array(this.none.words.length)
    for (let member = 0; member < this.capacity; member++) if (has(member)) words[member >>> 5] |= 1 << (member & 31)
    return this.#intern(words)
  }

  union(a: IndexSet, b: IndexSet): IndexSet {
    if (a === b || b.size === 0 || a === this.all) return a
    if (a.size === 0 || b === this.all) return b
    return this.#remember(this.#unions, a, b, (x, y) => x | y)
  }

  minus(a: IndexSet, b: IndexSet): IndexSet {
    if (a === b || b === this.all) return this.none
    if (b.size === 0 || a.size === 0) return a
    return this.#remember(this.#minuses, a, b, (x, y) => x & ~y)
  }

  #remember(memory: Map<number, IndexSet>, a: IndexSet, b: IndexSet, combine: (x: number, y: number) => number): IndexSet {
    const key = a.id * 0x4000000 + b.id
    let result = memory.get(key)
    if (result === undefined) {
      result = this.#intern(a.words.map((word, i) => combine(word, b.words[i])))
      memory.set(key, result)
    }
    return result
  }

  #intern(words: Uint32Array): IndexSet {
    const key = words.join()
    let set = this.#byKey.get(key)
    if (set === undefined) {
      set = { words, id: this.#byKey.size, size: words.reduce((sum, word) => sum + popcount(word), 0) }
      this.#byKey.set(key, set)
    }
    return set
  }
}

export function has(set: IndexSet, member: number): boolean {
  return ((set.words[member >>> 5] >>> (member & 31)) & 1) === 1
}

/** The members, ascending. */
export function* members(set: IndexSet): Generator<number> {
  for (let i = 0; i < set.words.length; i++) {
    for (let word = set.words[i]; word !== 0; word &= word - 1) yield i * 32 + (31 - Math.clz32(word & -word))
  }
}

/** How many members are below `member`. */
export function rank(set: IndexSet, member: number): number {
  let count = popcount(set.words[member >>> 5] & ((1 << (member & 31)) - 1))
  for (let i = 0; i < member >>> 5; i++) count += popcount(set.words[i])
  return count
}

function popcount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
