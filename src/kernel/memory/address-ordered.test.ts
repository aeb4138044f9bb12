import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { geometry } from '../../arch/index.ts'
import { AddressOrdered } from './address-ordered.ts'
import type { Taker } from './pool.ts'
import type { Run } from './runs.ts'

const fromTop = (taker: Taker) => taker === 'snp'

describe('first fit in address order', () => {
  test('takes the lowest free huge page, or the highest for those served from the top', () => {
    const memory = new AddressOrdered(geometry(4096, 512, 4), [{ first: 5, end: 12, node: 0 }], fromTop)
    expect(memory.huges.take('ordinary')).toBe(5)
    expect(memory.huges.take('ordinary')).toBe(6)
    expect(memory.huges.take('snp')).toBe(11)
    memory.huges.give(5, 6)
    expect(memory.huges.take('kernel')).toBe(5)
    expect(memory.huges.free).toBe(4)
  })

  test('takes whole regions only where all of them is free', () => {
    const memory = new AddressOrdered(geometry(4096, 512, 4), [{ first: 5, end: 20, node: 0 }], fromTop)
    expect(memory.regions.free).toBe(3)
    expect(memory.regions.take('ordinary')).toBe(2)
    expect(memory.regions.take('snp')).toBe(4)
    memory.huges.take('ordinary')
    expect(memory.regions.free).toBe(1)
    expect(memory.huges.free).toBe(6)
  })

  test('does what a plain set of free huge pages does', () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 3, 8, 33, 64), runsArbitrary, stepsArbitrary, (regionHuges, runs, steps) => {
        const memory = new AddressOrdered(geometry(4096, 4, regionHuges), runs, fromTop)
        const plain = new PlainMemory(runs, regionHuges)
        for (const step of steps) {
          expect(memory.huges.free).toBe(plain.free.length)
          expect(memory.regions.free).toBe(plain.wholeRegions().length)
          if (step.what === 'take' && memory.huges.free > 0) {
            expect(memory.huges.take(step.taker)).toBe(plain.takeHuge(fromTop(step.taker)))
          } else if (step.what === 'takeRegion' && memory.regions.free > 0) {
            expect(memory.regions.take(step.taker)).toBe(plain.takeRegion(fromTop(step.taker)))
          } else if (step.what === 'give' && plain.used.length > 0) {
            const huge = plain.used[step.which % plain.used.length]
            memory.huges.give(huge, huge + 1)
            plain.give(huge)
          }
        }
      }),
    )
  })
})

const runsArbitrary = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 20 }), huges: fc.integer({ min: 1, max: 150 }) }), { maxLength: 4 })
  .map((parts) => {
    let end = 0
    return parts.map(({ gap, huges }): Run => ({ first: end + gap, end: (end += gap + huges), node: 0 }))
  })

const stepsArbitrary = fc.array(
  fc.record({
    what: fc.constantFrom('take', 'take', 'takeRegion', 'give', 'give'),
    taker: fc.constantFrom<Taker>('snp', 'ordinary', 'kernel'),
    which: fc.nat(1000),
  }),
  { maxLength: 200 },
)

/** The same, as anyone would write it. */
class PlainMemory {
  free: number[]
  readonly used: number[] = []
  private readonly regionHuges: number

  constructor(runs: readonly Run[], regionHuges: number) {
    this.free = runs.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i))
    this.regionHuges = regionHuges
  }

  wholeRegions(): number[] {
    const region = (huge: number) => Math.floor(huge / this.regionHuges)
    const regions = [...new Set(this.free.map(region))]
    return regions.filter((r) => this.free.filter((huge) => region(huge) === r).length === this.regionHuges)
  }

  takeHuge(top: boolean): number {
    const huge = top ? this.free.pop()! : this.free.shift()!
    this.used.push(huge)
    return huge
  }

  takeRegion(top: boolean): number {
    const region = this.wholeRegions().at(top ? -1 : 0)!
    const inRegion = (huge: number) => Math.floor(huge / this.regionHuges) === region
    this.used.push(...this.free.filter(inRegion))
    this.free = this.free.filter((huge) => !inRegion(huge))
    return region
  }

  give(huge: number): void {
    this.used.splice(this.used.indexOf(huge), 1)
    this.free = [...this.free, huge].sort((a, b) => a - b)
  }
}
