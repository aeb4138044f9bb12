import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { geometry } from '../../arch/index.ts'
import { BUDDY_MAX_ORDER, Buddy } from './buddy.ts'
import type { Taker } from './pool.ts'
import type { Run } from './runs.ts'

const EIGHT = geometry(4096, 512, 8)

function buddyOf(first: number, end: number, maxOrder = BUDDY_MAX_ORDER) {
  const { huges, regions } = new Buddy(EIGHT, [{ first, end, node: 0 }], maxOrder)
  const take = (taker: Taker, count: number) => Array.from({ length: count }, () => huges.take(taker))
  const give = (...pages: number[]) => {
    for (const page of pages) huges.give(page, page + 1)
  }
  return { huges, regions, take, give }
}

describe('the buddy allocator', () => {
  test('hands out fresh memory from the lowest block up, lower half first', () => {
    expect(buddyOf(0, 16).take('ordinary', 6)).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('serves odd huge pages at the edges of memory before it splits a larger block', () => {
    expect(buddyOf(3, 8).take('ordinary', 5)).toEqual([3, 4, 5, 6, 7])
    expect(buddyOf(2, 9).take('ordinary', 2)).toEqual([8, 2])
  })

  test('reuses what was freed last first', () => {
    const { take, give } = buddyOf(0, 16)
    take('ordinary', 16)
    give(2, 9, 4)
    expect(take('ordinary', 3)).toEqual([4, 9, 2])
  })

  test('merges buddies, whichever comes back first, and splits a merged block last', () => {
    const { take, give } = buddyOf(0, 16)
    take('ordinary', 16)
    give(7, 6, 12)
    expect(take('ordinary', 3)).toEqual([12, 6, 7])
  })

  test('does not merge neighbours that are no buddies', () => {
    const { take, give } = buddyOf(0, 16)
    take('ordinary', 16)
    give(1, 2)
    expect(take('ordinary', 2)).toEqual([2, 1])
  })

  test('gives an SNP guest what an SNP guest left, although other memory was freed later', () => {
    const { take, give } = buddyOf(0, 16)
    expect(take('snp', 2)).toEqual([0, 1])
    expect(take('ordinary', 14)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    give(0, 4)
    expect(take('snp', 1)).toEqual([0])
  })

  test('claims the largest block of the other mobility type, and the rest of it changes type', () => {
    const { take, give } = buddyOf(0, 16)
    take('ordinary', 16)
    give(6, 7, 12)
    expect(take('snp', 1)).toEqual([6])
    expect(take('ordinary', 2)).toEqual([12, 7])
  })

  test('counts the pages of the kernel as unmovable, with SNP memory', () => {
    const { take } = buddyOf(0, 16)
    expect(take('kernel', 1)).toEqual([0])
    expect(take('ordinary', 1)).toEqual([2])
    expect(take('snp', 1)).toEqual([1])
  })

  test('gives a merged block the type of the page that was freed last', () => {
    const { take, give } = buddyOf(0, 16)
    take('ordinary', 1)
    expect(take('snp', 2)).toEqual([2, 3])
    expect(take('ordinary', 13)).toHaveLength(13)
    give(4, 2, 3, 5)
    expect(take('snp', 1)).toEqual([2])
    expect(take('ordinary', 1)).toEqual([4])
  })

  test('puts a block at the tail of its list when it is likely to merge twice, below the two largest orders', () => {
    const { take, give } = buddyOf(0, 16, 3)
    take('ordinary', 16)
    give(10, 6, 7, 4)
    expect(take('ordinary', 4)).toEqual([10, 4, 6, 7])
  })

  test('takes the lowest whole region, also out of blocks that were split and merged', () => {
    const { huges, regions, take, give } = buddyOf(4, 32)
    expect(regions.free).toBe(3)
    take('ordinary', 6)
    expect(regions.free).toBe(2)
    give(8, 9)
    expect(regions.take('snp')).toBe(1)
    expect(huges.free).toBe(16)
    regions.give(1, 2)
    expect(regions.free).toBe(3)
  })

  test('makes a region movable that is taken whole', () => {
    const { regions, take, give } = buddyOf(0, 16)
    give(...take('snp', 8))
    expect(regions.take('snp')).toBe(0)
    regions.give(0, 1)
    expect(take('ordinary', 1)).toEqual([6])
  })

  test('refuses blocks that do not divide a region', () => {
    expect(() => buddyOf(0, 16, 4)).toThrow('divides a region')
  })

  test('does what the same algorithm does on plain arrays', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), runsArbitrary, stepsArbitrary, (maxOrder, runs, steps) => {
        const { huges, regions } = new Buddy(EIGHT, runs, maxOrder)
        const plain = new PlainBuddy(runs, maxOrder)
        const used: number[] = []
        for (const { what, taker, which } of steps) {
          expect(huges.free).toBe(plain.free())
          expect(regions.free).toBe(plain.wholeRegions().length)
          if (what === 'take' && huges.free > 0) {
            const huge = huges.take(taker)
            expect(huge).toBe(plain.take(taker))
            used.push(huge)
          } else if (what === 'takeRegion' && regions.free > 0) {
            const region = regions.take(taker)
            expect(region).toBe(plain.takeRegion())
            for (let i = 0; i < 8; i++) used.push(region * 8 + i)
          } else if (what === 'give' && used.length > 0) {
            const [huge] = used.splice(which % used.length, 1)
            huges.give(huge, huge + 1)
            plain.give(huge)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

const runsArbitrary = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 9 }), huges: fc.integer({ min: 1, max: 40 }) }), { maxLength: 3 })
  .map((parts) => {
    let end = 0
    return parts.map(({ gap, huges }): Run => ({ first: end + gap, end: (end += gap + huges), node: 0 }))
  })

const stepsArbitrary = fc.array(
  fc.record({
    what: fc.constantFrom('take', 'take', 'take', 'take', 'takeRegion', 'give', 'give', 'give'),
    taker: fc.constantFrom<Taker>('snp', 'ordinary', 'kernel'),
    which: fc.nat(1000),
  }),
  { maxLength: 250 },
)

interface Block {
  index: number
  order: number
  unmovable: boolean
}

/** One array of free blocks, the head of every list first: readable beside mm/page_alloc.c. */
class PlainBuddy {
  private blocks: Block[] = []
  private readonly unmovable = new Set<number>()
  private readonly maxOrder: number

  constructor(runs: readonly Run[], maxOrder: number) {
    this.maxOrder = maxOrder
    for (const { first, end } of runs) {
      for (let index = first; index < end; ) {
        let order = maxOrder
        while (index % 2 ** order !== 0 || index + 2 ** order > end) order--
        this.blocks.push({ index, order, unmovable: false })
        index += 2 ** order
      }
    }
  }

  free(): number {
    return this.blocks.reduce((sum, { order }) => sum + 2 ** order, 0)
  }

  wholeRegions(): number[] {
    const regions = [...new Set(this.blocks.map(({ index }) => Math.floor(index / 8)))].sort((a, b) => a - b)
    return regions.filter((region) => this.inRegion(region).reduce((sum, { order }) => sum + 2 ** order, 0) === 8)
  }

  take(taker: Taker): number {
    const unmovable = taker !== 'ordinary'
    const own = this.blocks.filter((block) => block.unmovable === unmovable).sort((a, b) => a.order - b.order)
    const other = this.blocks.filter((block) => block.unmovable !== unmovable).sort((a, b) => b.order - a.order)
    const { index, order } = [...own, ...other][0]
    this.remove(index)
    for (let half = order - 1; half >= 0; half--) this.blocks.unshift({ index: index + 2 ** half, order: half, unmovable })
    if (unmovable) this.unmovable.add(index)
    else this.unmovable.delete(index)
    return index
  }

  takeRegion(): number {
    const region = this.wholeRegions()[0]
    for (const { index } of this.inRegion(region)) this.remove(index)
    for (let i = 0; i < 8; i++) this.unmovable.delete(region * 8 + i)
    return region
  }

  give(huge: number): void {
    const block = { index: huge, order: 0, unmovable: this.unmovable.has(huge) }
    while (block.order < this.maxOrder && this.has(block.index ^ (2 ** block.order), block.order)) {
      this.remove(block.index ^ (2 ** block.order))
      block.index -= block.index % 2 ** (block.order + 1)
      block.order++
    }
    const parent = block.index - (block.index % 2 ** (block.order + 1))
    const mergesSoon = block.order < this.maxOrder - 1 && this.has(parent ^ (2 ** (block.order + 1)), block.order + 1)
    if (mergesSoon) this.blocks.push(block)
    else this.blocks.unshift(block)
  }

  private has(index: number, order: number): boolean {
    return this.blocks.some((block) => block.index === index && block.order === order)
  }

  private remove(index: number): void {
    this.blocks = this.blocks.filter((block) => block.index !== index)
  }

  private inRegion(region: number): Block[] {
    return this.blocks.filter(({ index }) => Math.floor(index / 8) === region)
  }
}
