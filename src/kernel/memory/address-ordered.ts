import type { Geometry, HugeIndex, RegionIndex } from '../../arch/index.ts'
import { Bitmap } from './bitmap.ts'
import type { FolioPool, FreeMemory, Taker } from './pool.ts'
import { RegionCounts } from './region-counts.ts'
import { type Run, regionSpan } from './runs.ts'

/** First fit in address order, from the bottom or from the top: one bit a huge page, one count a region. */
export class AddressOrdered implements FreeMemory {
  readonly huges: FolioPool<HugeIndex>
  readonly regions: FolioPool<RegionIndex>
  /** Free huge pages, numbered from the first region on. */
  private readonly free: Bitmap
  private readonly counts: RegionCounts
  private readonly regionHuges: number

  /** @param fromTop who is served from the top: nobody by default */
  constructor({ regionHuges }: Geometry, runs: readonly Run[], fromTop: (taker: Taker) => boolean = () => false) {
    const span = regionSpan(runs, regionHuges)
    const base = span.first * regionHuges
    const counts = new RegionCounts(span.count, regionHuges)
    this.regionHuges = regionHuges
    this.counts = counts
    this.free = new Bitmap(span.count * regionHuges)
    for (const { first, end } of runs) this.giveRange(first - base, end - base)
    this.huges = {
      get free() {
        return counts.total
      },
      take: (taker) => base + this.takeHuge(fromTop(taker)),
      give: (first, end) => this.giveRange(first - base, end - base),
    }
    this.regions = {
      get free() {
        return counts.whole
      },
      take: (taker) => span.first + this.takeRegion(fromTop(taker)),
      give: (first, end) => this.giveRange(first * regionHuges - base, end * regionHuges - base),
    }
  }

  private takeHuge(top: boolean): number {
    const region = top ? this.counts.some.highest() : this.counts.some.lowest()
    const start = region * this.regionHuges
    const index = top ? this.free.highest(start + this.regionHuges - 1) : this.free.lowest(start)
    this.free.delete(index)
    this.counts.lose(region, 1)
    return index
  }

  private takeRegion(top: boolean): number {
    const region = top ? this.counts.all.highest() : this.counts.all.lowest()
    const start = region * this.regionHuges
    this.free.deleteRange(start, start + this.regionHuges)
    this.counts.lose(region, this.regionHuges)
    return region
  }

  private giveRange(first: number, end: number): void {
    this.free.addRange(first, end)
    this.counts.gainRange(first, end)
  }
}
