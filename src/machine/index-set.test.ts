import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { has, members, rank, SetSpace } from './index.ts'

const CAPACITIES = [1, 31, 32, 33, 64, 100]

/** A capacity, and three sets of members below it. */
const sets = fc.constantFrom(...CAPACITIES).chain((capacity) => {
  const some = fc.array(fc.nat(capacity - 1), { maxLength: 60 })
  return fc.record({ capacity: fc.constant(capacity), a: some, b: some, c: some })
})
const ascending = (from: Iterable<number>) => [...new Set(from)].sort((x, y) => x - y)

describe('SetSpace against Set<number>', () => {
  it('has the members it was made of, ascending, and none else', () => {
    fc.assert(
      fc.property(sets, ({ capacity, a }) => {
        const set = new SetSpace(capacity).of(a)
        expect([...members(set)]).toEqual(ascending(a))
        expect(set.size).toBe(new Set(a).size)
        for (let member = 0; member < capacity; member++) expect(has(set, member)).toBe(a.includes(member))
      }),
    )
  })

  it('unites and subtracts', () => {
    fc.assert(
      fc.property(sets, ({ capacity, a, b, c }) => {
        const space = new SetSpace(capacity)
        const [x, y, z] = [space.of(a), space.of(b), space.of(c)]
        expect([...members(space.union(x, y))]).toEqual(ascending([...a, ...b]))
        expect([...members(space.minus(x, y))]).toEqual(ascending(a).filter((member) => !b.includes(member)))
        expect([...members(space.minus(space.union(x, y), z))]).toEqual(ascending([...a, ...b]).filter((m) => !c.includes(m)))
        expect([...members(x)]).toEqual(ascending(a)) // sets do not change
      }),
    )
  })

  it('knows equal sets as the same object, however they came about', () => {
    fc.assert(
      fc.property(sets, ({ capacity, a, b }) => {
        const space = new SetSpace(capacity)
        const [x, y] = [space.of(a), space.of(b)]
        expect(space.of([...a].reverse())).toBe(x)
        expect(space.where((member) => a.includes(member))).toBe(x)
        expect(space.union(x, y)).toBe(space.of([...a, ...b]))
        expect(space.union(x, y)).toBe(space.union(y, x))
        expect(space.minus(x, y)).toBe(space.of(a.filter((member) => !b.includes(member))))
        expect(space.minus(x, x)).toBe(space.none)
        expect(space.minus(x, space.none)).toBe(x)
        expect(space.minus(x, space.all)).toBe(space.none)
        expect(space.union(x, space.none)).toBe(x)
        expect(space.union(x, space.all)).toBe(space.all)
        expect(space.union(space.minus(x, y), y)).toBe(space.union(x, y))
        expect(x === y).toBe(ascending(a).join() === ascending(b).join())
        expect(x.id === y.id).toBe(x === y)
      }),
    )
  })

  it('ranks: how many members are below', () => {
    fc.assert(
      fc.property(sets, ({ capacity, a }) => {
        const set = new SetSpace(capacity).of(a)
        for (let member = 0; member < capacity; member++) {
          expect(rank(set, member)).toBe(ascending(a).filter((other) => other < member).length)
        }
      }),
    )
  })

  it('has the empty set and the full one', () => {
    for (const capacity of CAPACITIES) {
      const space = new SetSpace(capacity)
      expect([...members(space.none)]).toEqual([])
      expect([...members(space.all)]).toEqual([...Array(capacity).keys()])
      expect([space.none.size, space.all.size]).toEqual([0, capacity])
      expect(space.of([])).toBe(space.none)
    }
  })

  it('asserts that members are within its capacity, and that it has one', () => {
    expect(() => new SetSpace(10).of([10])).toThrow('assertion failed')
    expect(() => new SetSpace(10).of([-1])).toThrow('assertion failed')
    expect(() => new SetSpace(0)).toThrow('assertion failed')
  })
})
