import { describe, expect, test } from 'vitest'
import { AMD64, MIB } from '../../arch/index.ts'
import { hugeRuns, regionSpan, runsByNode } from './runs.ts'

describe('usable RAM in huge pages', () => {
  test('loses what does not fill a huge page at either end', () => {
    expect(hugeRuns([{ start: 1 * MIB, end: 9 * MIB, node: 0 }], AMD64)).toEqual([{ first: 1, end: 4, node: 0 }])
  })

  test('leaves out a range that holds no whole huge page', () => {
    expect(hugeRuns([{ start: 1 * MIB, end: 3.5 * MIB, node: 0 }], AMD64)).toEqual([])
  })

  test('keeps the huge page across the seam of two ranges of one node', () => {
    const ranges = [
      { start: 0, end: 3 * MIB, node: 0 },
      { start: 3 * MIB, end: 6 * MIB, node: 0 },
    ]
    expect(hugeRuns(ranges, AMD64)).toEqual([{ first: 0, end: 3, node: 0 }])
  })

  test('takes no notice of an empty range', () => {
    const ranges = [
      { start: 0, end: 3 * MIB, node: 0 },
      { start: 3 * MIB, end: 3 * MIB, node: 1 },
      { start: 3 * MIB, end: 6 * MIB, node: 0 },
    ]
    expect(hugeRuns(ranges, AMD64)).toEqual([{ first: 0, end: 3, node: 0 }])
  })

  test('loses the huge page across the seam of two nodes', () => {
    const ranges = [
      { start: 0, end: 3 * MIB, node: 0 },
      { start: 3 * MIB, end: 6 * MIB, node: 1 },
    ]
    expect(hugeRuns(ranges, AMD64)).toEqual([
      { first: 0, end: 1, node: 0 },
      { first: 2, end: 3, node: 1 },
    ])
  })

  test('must come sorted and disjoint', () => {
    const ranges = [
      { start: 4 * MIB, end: 8 * MIB, node: 0 },
      { start: 6 * MIB, end: 9 * MIB, node: 0 },
    ]
    expect(() => hugeRuns(ranges, AMD64)).toThrow('sorted and disjoint')
  })

  test('is gathered by node, nodes ascending, runs ascending', () => {
    const runs = [
      { first: 0, end: 1, node: 1 },
      { first: 2, end: 3, node: 0 },
      { first: 4, end: 5, node: 1 },
    ]
    expect([...runsByNode(runs)]).toEqual([
      [0, [runs[1]]],
      [1, [runs[0], runs[2]]],
    ])
  })

  test('spans the regions it touches', () => {
    expect(regionSpan([{ first: 513, end: 600, node: 0 }], 512)).toEqual({ first: 1, count: 1 })
    expect(regionSpan([{ first: 511, end: 1025, node: 0 }], 512)).toEqual({ first: 0, count: 3 })
    expect(regionSpan([], 512)).toEqual({ first: 0, count: 0 })
  })
})
