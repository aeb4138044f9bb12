import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bitmap } from './bitmap.ts'

const BITS = 200
const bit = fc.nat(BITS - 1)
const change = fc.record({ adds: fc.boolean(), first: bit, count: fc.nat(BITS) })

describe('a bitmap', () => {
  test('is a set of numbers: ranges, single ones, lowest and highest', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.array(bit), bit, bit, (changes, toggles, at, other) => {
        const bitmap = new Bitmap(BITS)
        const set = new Set<number>()
        for (const { adds, first, count } of changes) {
          const end = Math.min(BITS, first + count)
          if (adds) bitmap.addRange(first, end)
          else bitmap.deleteRange(first, end)
          for (let i = first; i < end; i++) {
            if (adds) set.add(i)
            else set.delete(i)
          }
        }
        for (const i of toggles) {
          if (set.delete(i)) bitmap.delete(i)
          else {
            set.add(i)
            bitmap.add(i)
          }
        }
        const members = [...set].sort((a, b) => a - b)
        const [first, end] = [Math.min(at, other), Math.max(at, other)]
        const inRange = members.filter((i) => i >= first && i < end)
        expect(members.filter((i) => bitmap.has(i))).toEqual(members)
        expect(bitmap.has(at)).toBe(set.has(at))
        expect(bitmap.hasRange(first, end)).toBe(inRange.length === end - first)
        const above = members.find((i) => i >= at)
        const below = members.findLast((i) => i <= at)
        if (above !== undefined) expect(bitmap.lowest(at)).toBe(above)
        if (below !== undefined) expect(bitmap.highest(at)).toBe(below)
      }),
      { numRuns: 500 },
    )
  })
})
