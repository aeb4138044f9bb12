import { assert } from '../../arch/index.ts'

/**
 * How many huge pages of each region are free, and which is the first region with one, or with all of them. Finding is a
 * scan that remembers where it need not look again: taking n pages in address order costs one sweep, not n.
 */
export class RegionCounts {
  /** Free huge pages of all regions. */
  total = 0
  /** Regions wholly free. */
  whole = 0
  /** Regions with a free huge page. */
  readonly some: RegionFinder
  /** Regions wholly free. */
  readonly all: RegionFinder
  private readonly counts: Int32Array
  private readonly regionHuges: number

  constructor(regions: number, regionHuges: number) {
    this.counts = new Int32Array(regions)
    this.regionHuges = regionHuges
    this.some = new RegionFinder(this.counts, 1)
    this.all = new RegionFinder(this.counts, regionHuges)
  }

  gain(region: number, huges: number): void {
    const now = (this.counts[region] += huges)
    assert(now <= this.regionHuges, 'a region has room for what comes back')
    this.total += huges
    this.some.allow(region)
    if (now !== this.regionHuges) return
    this.whole++
    this.all.allow(region)
  }

  /** Gains the huge pages first .. end − 1. */
  gainRange(first: number, end: number): void {
    for (let huge = first; huge < end; ) {
      const region = Math.floor(huge / this.regionHuges)
      const stop = Math.min(end, (region + 1) * this.regionHuges)
      this.gain(region, stop - huge)
      huge = stop
    }
  }

  lose(region: number, huges: number): void {
    if (this.counts[region] === this.regionHuges) this.whole--
    const now = (this.counts[region] -= huges)
    assert(now >= 0, 'a region has what is taken from it')
    this.total -= huges
  }
}

/** Finds the outermost region with at least `least` free huge pages. */
class RegionFinder {
  private readonly counts: Int32Array
  private readonly least: number
  /** Every region that qualifies lies in low .. high. */
  private low: number
  private high = -1

  constructor(counts: Int32Array, least: number) {
    this.counts = counts
    this.least = least
    this.low = counts.length
  }

  /** The lowest one, which must exist. */
  lowest(): number {
    while (this.counts[this.low] < this.least) this.low++
    return this.low
  }

  /** The highest one, which must exist. */
  highest(): number {
    while (this.counts[this.high] < this.least) this.high--
    return this.high
  }

  /** `region` qualifies from now on. */
  allow(region: number): void {
    if (region < this.low) this.low = region
    if (region > this.high) this.high = region
  }
}
