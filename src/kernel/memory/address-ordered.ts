import type { Geometry, HugeIndex, RegionIndex } from '../../arch/index.ts'
import { Bitmap } from './bitmap.ts'
import type { FolioPool, FreeMemory, Taker } from './pool.ts'
import { RegionCounts } from './region-counts.ts'
import type { Run } from './runs.ts'

/** First fit in address order, from the bottom or from the top: one bit a huge page, one count a region. */
export class AddressOrdered implements FreeMemory {
  readonly huges: FolioPool<HugeIndex>
  readonly regions: FolioPool<RegionIndex>
  private readonly free: Bitmap
  private readonly counts: RegionCounts
  private readonly base: RegionIndex
  private readonly regionHuges: number
  /** Bits of a region in the bitmap: whole words, so that a search may start at any region. */
  private readonly regionBits: number

  /** @param fromTop who is served from the top: nobody by default */
  constructor({ regionHuges }: Geometry, runs: readonly Run[], fromTop: (taker: Taker) => boolean = () => false) {
    this.regionHuges = regionHuges
    this.regionBits = Math.ceil(regionHuges / 32) * 32
    this.base = Math.floor((runs[0]?.first ?? 0) / regionHuges)
    const regions = Math.ceil((runs.at(-1)?.end ?? 0) / regionHuges) - this.base
    this.free = new Bitmap(regions * this.regionBits)
    this.counts = new RegionCounts(regions, regionHuges)
    for (const { first, end } of runs) this.giveRange(first, end)

    const { counts } = this
    this.huges = {
      get free() {
        return counts.total
      },
      take: (taker) => this.takeHuge(fromTop(taker)),
      give: (first, end) => this.giveRange(first, end),
    }
    this.regions = {
      get free() {
        return counts.whole
      },
      take: (taker) => this.takeRegion(fromTop(taker)),
      give: (first, end) => this.giveRange(first * regionHuges, end * regionHuges),
    }
  }

  private takeHuge(top: boolean): HugeIndex {
    const region = top ? this.counts.some.highest() : this.counts.some.lowest()
    const start = region * this.regionBits
    const bit = top ? this.free.highest(start + this.regionBits) : this.free.lowest(start)
    this.free.delete(bit)
    this.counts.lose(region, 1)
    return (this.base + region) * this.regionHuges + bit - start
  }

  private takeRegion(top: boolean): RegionIndex {
    const region = top ? this.counts.all.highest() : this.counts.all.lowest()
    const start = region * this.regionBits
    this.free.deleteRange(start, start + this.regionHuges)
    this.counts.lose(region, this.regionHuges)
    return this.base + region
  }

  private giveRange(first: HugeIndex, end: HugeIndex): void {
    for (let huge = first; huge < end; ) {
      const region = Math.floor(huge / this.regionHuges)
      const stop = Math.min(end, (region + 1) * this.regionHuges)
      const start = (region - this.base) * this.regionBits + (huge - region * this.regionHuges)
      this.free.addRange(start, start + stop - huge)
      this.counts.gain(region - this.base, stop - huge)
      huge = stop
    }
  }
}
