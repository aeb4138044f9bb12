import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeRanges } from './index.ts'

describe('mergeRanges', () => {
  it('sorts, joins what touches or overlaps, and drops what is empty', () => {
    const ranges = [
      { start: 6, end: 8 },
      { start: 0, end: 2 },
      { start: 2, end: 3 },
      { start: 5, end: 5 },
      { start: 7, end: 7.5 },
    ]
    expect(mergeRanges(ranges)).toEqual([
      { start: 0, end: 3 },
      { start: 6, end: 8 },
    ])
  })

  it('keeps exactly the addresses of its input, in ranges with gaps between them', () => {
    const ranges = fc.array(fc.record({ start: fc.nat(20), end: fc.nat(20) }), { maxLength: 6 })
    fc.assert(
      fc.property(ranges, (input) => {
        const merged = mergeRanges(input)
        const has = (some: typeof input, at: number) => some.some(({ start, end }) => start <= at && at < end)
        for (let at = 0; at <= 20; at++) expect(has(merged, at)).toBe(has(input, at))
        for (let i = 1; i < merged.length; i++) expect(merged[i].start).toBeGreaterThan(merged[i - 1].end)
      }),
    )
  })
})
