/** The tables that everything is kept in, against plain maps, far beyond the sizes at which they grow. */
import { describe, expect, it } from 'vitest'
import { Interner } from './interner.ts'
import { PairTable } from './pair-table.ts'
import { StateSet } from './state-set.ts'

/** Numbers without a pattern, the same every time. */
function* scattered(count: number): Generator<number> {
  let value = 12345
  for (let i = 0; i < count; i++) {
    value = (Math.imul(value, 1103515245) + 12345) & 0x7fffffff
    yield value >>> 8
  }
}

describe('a set of states', () => {
  it('numbers each state once, in the order of their coming, and gives it back', () => {
    const set = new StateSet(3)
    const known = new Map<string, number>()
    for (const value of scattered(20_000)) {
      const state = Int32Array.of(value % 40, -(value % 7), value % 30)
      const key = state.join()
      const expected = known.get(key)
      if (expected === undefined) known.set(key, known.size)
      expect(set.indexOf(state)).toBe(expected ?? -1)
      expect(set.add(state)).toBe(expected === undefined ? known.size - 1 : ~expected)
    }
    expect(set.count).toBe(known.size)
    for (const [key, index] of known) expect(set.state(index).join()).toBe(key)
  })

  it('tells states apart that differ in the last word only, or are each other backwards', () => {
    const set = new StateSet(2)
    for (const state of [
      [1, 2],
      [2, 1],
      [1, 3],
      [0, 0],
      [-1, 0],
    ])
      expect(set.add(Int32Array.from(state))).toBeGreaterThanOrEqual(0)
    expect(set.count).toBe(5)
  })
})

describe('an interner', () => {
  it('numbers sequences of any length, the empty one too', () => {
    const interner = new Interner()
    const known = new Map<string, number>()
    for (const value of scattered(20_000)) {
      const sequence = Array.from({ length: value % 5 }, (_, i) => (value >> (2 * i)) % 9)
      const key = sequence.join()
      if (!known.has(key)) known.set(key, known.size)
      expect(interner.intern(sequence)).toBe(known.get(key))
    }
    for (const [key, number] of known) expect(interner.at(number).join()).toBe(key)
    expect(interner.count).toBe(known.size)
  })
})

describe('a table of pairs', () => {
  it('finds what was added, and nothing else', () => {
    const table = new PairTable()
    const known = new Map<string, [number, number]>()
    for (const value of scattered(20_000)) {
      const [a, b] = [value % 300, value % 70]
      const key = `${a},${b}`
      const at = table.find(a, b)
      expect(at < 0 ? undefined : [table.first(at), table.second(at)]).toEqual(known.get(key))
      if (at >= 0) continue
      table.add(a, b, value, known.size)
      known.set(key, [value, known.size])
    }
    expect(table.count).toBe(known.size)
  })
})
