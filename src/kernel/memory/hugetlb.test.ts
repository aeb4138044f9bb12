import { describe, expect, test } from 'vitest'
import { geometry } from '../../arch/index.ts'
import { HugetlbPool, splitForHugetlb } from './hugetlb.ts'

const FOUR = geometry(4096, 512, 4)

describe('the pool of 1 GiB pages', () => {
  test('starts lowest first and reuses what was freed last first', () => {
    const pool = new HugetlbPool([3, 4, 7])
    expect([pool.take(), pool.take()]).toEqual([3, 4])
    pool.give(3, 4)
    pool.give(4, 5)
    expect([pool.take(), pool.take(), pool.take()]).toEqual([4, 3, 7])
    expect(pool.free).toBe(0)
  })

  test('gets every whole region when the rest is enough for the kernel', () => {
    expect(splitForHugetlb([{ first: 2, end: 14, node: 0 }], FOUR)).toEqual({
      pool: [
        { node: 0, region: 1 },
        { node: 0, region: 2 },
      ],
      kernel: [
        { first: 2, end: 4, node: 0 },
        { first: 12, end: 14, node: 0 },
      ],
    })
  })

  test('leaves the lowest whole region to the kernel when the rest is less than a region', () => {
    const runs = [
      { first: 3, end: 4, node: 0 },
      { first: 7, end: 12, node: 0 },
      { first: 16, end: 20, node: 1 },
    ]
    expect(splitForHugetlb(runs, FOUR)).toEqual({
      pool: [{ node: 1, region: 4 }],
      kernel: [runs[0], runs[1]],
    })
  })

  test('is empty when no region is whole', () => {
    const runs = [{ first: 1, end: 4, node: 0 }]
    expect(splitForHugetlb(runs, FOUR)).toEqual({ pool: [], kernel: runs })
  })
})
