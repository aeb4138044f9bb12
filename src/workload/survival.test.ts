import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { survivalOf } from './survival.ts'

const alive = Number.POSITIVE_INFINITY

describe('Survival', () => {
  test('of things all seen to end is their distribution', () => {
    const survival = survivalOf(Float64Array.of(4, 1, 2, 2), new Float64Array(4))
    expect([0, 0.25, 0.5, 0.75, 1].map((p) => survival.quantile(p))).toEqual([1, 1, 2, 2, 4])
    expect([0, 1, 1.5, 2, 3, 4, 5].map((t) => survival.rank(t))).toEqual([0, 0.125, 0.25, 0.5, 0.75, 0.875, 1])
  })

  test('counts a thing that outlived its observation as at risk until then', () => {
    // Kaplan and Meier by hand: 1 of 4 ends at 1; one leaves at 2; 1 of the 2 left ends at 3; the last is still alive at 5.
    const survival = survivalOf(Float64Array.of(1, alive, 3, alive), Float64Array.of(9, 2, 9, 5))
    expect(survival.rank(2)).toBeCloseTo(1 / 4)
    expect(survival.rank(4)).toBeCloseTo(1 - (3 / 4) * (1 / 2))
    expect(survival.quantile(0.5)).toBe(3)
    expect(survival.quantile(0.9)).toBeUndefined()
    expect(survival.rankBeyond(2)).toBeCloseTo(1 - 3 / 8)
    expect(survival.rankBeyond(5)).toBeCloseTo(1 - 3 / 16)
  })

  test('of things that never end is unknown', () => {
    const survival = survivalOf(Float64Array.of(alive, alive), Float64Array.of(1, 2))
    expect(survival.quantile(0)).toBeUndefined()
    expect(survival.rank(1)).toBe(0)
    expect(survival.rankBeyond(2)).toBe(0.5)
  })

  test('is recovered from a sample cut off at random', () => {
    const seconds = fc.integer({ min: 1, max: 1000 })
    fc.assert(
      fc.property(fc.array(fc.tuple(seconds, seconds), { minLength: 3000, maxLength: 3000 }), (things) => {
        const lifetimesS = Float64Array.from(things, ([livesS, seenS]) => (livesS <= seenS ? livesS : alive))
        const seenS = Float64Array.from(things, ([, seen]) => seen)
        const survival = survivalOf(lifetimesS, seenS)
        const known = survivalOf(
          Float64Array.from(things, ([livesS]) => livesS),
          seenS,
        )
        for (const t of [100, 300, 500]) expect(Math.abs(survival.rank(t) - known.rank(t))).toBeLessThan(0.08)
      }),
      { numRuns: 5 },
    )
  })
})
