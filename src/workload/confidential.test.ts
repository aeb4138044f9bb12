import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isConfidential } from './index.ts'

const BATCHES = 20_000
const confidential = (seed: number, share: number) =>
  Array.from({ length: BATCHES }, (_, batch) => batch).filter((batch) => isConfidential(batch, seed, share))

describe('The confidential share', () => {
  test('of 0 makes no batch confidential, of 1 every one', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer(), (batch, seed) => {
        expect(isConfidential(batch, seed, 0)).toBe(false)
        expect(isConfidential(batch, seed, 1)).toBe(true)
      }),
    )
  })

  test('only adds batches when it grows', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.nat(), fc.integer(), share, share, (batch, seed, a, b) => {
        if (isConfidential(batch, seed, Math.min(a, b))) expect(isConfidential(batch, seed, Math.max(a, b))).toBe(true)
      }),
    )
  })

  test.each([0, 1, 2, 12345, 2 ** 32 - 1])('is met within chance, for any part of the batches, with seed %d', (seed) => {
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      const chosen = confidential(seed, share)
      const chance = 5 * Math.sqrt(BATCHES * share * (1 - share))
      expect(Math.abs(chosen.length - BATCHES * share)).toBeLessThan(chance)
      const even = chosen.filter((batch) => batch % 2 === 0).length
      expect(Math.abs(even - chosen.length / 2)).toBeLessThan(5 * Math.sqrt(chosen.length / 4))
    }
  })

  test('picks batches evenly: 100 shares of 1 % differ by chance only', () => {
    const counts = Array.from({ length: 100 }, (_, i) => confidential(1, (i + 1) / 100).length)
    const chi = counts.reduce((sum, count, i) => sum + (count - (counts[i - 1] ?? 0) - 200) ** 2 / 200, 0)
    // 99 degrees of freedom: mean 99, standard deviation 14.
    expect(chi).toBeGreaterThan(50)
    expect(chi).toBeLessThan(150)
  })

  test('picks others with another seed, even one that differs by a bit', () => {
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [1, 3],
      [7, 7 + 2 ** 20],
    ]) {
      const first = new Set(confidential(a, 0.5))
      const both = confidential(b, 0.5).filter((batch) => first.has(batch)).length
      expect(Math.abs(both - BATCHES / 4)).toBeLessThan(5 * Math.sqrt((BATCHES * 3) / 16))
    }
  })

  test('stays what it is: another hash would change every result', () => {
    const chosen = Array.from({ length: 20 }, (_, batch) => batch).filter((batch) => isConfidential(batch, 1, 0.3))
    expect(chosen).toEqual([3, 5, 9, 10, 17, 19])
  })
})
