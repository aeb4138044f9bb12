import { assert, type Geometry, type HugeIndex, type RegionIndex } from '../../arch/index.ts'
import { Bitmap } from './bitmap.ts'
import { FreeLists } from './free-lists.ts'
import type { FolioPool, FreeMemory, Taker } from './pool.ts'
import { RegionCounts } from './region-counts.ts'
import { type Run, regionSpan } from './runs.ts'

/**
 * Largest block on a free list, as log2 of huge pages. Mainline's `MAX_PAGE_ORDER` is 10, a block of 4 MiB: order 1 here,
 * where order 0 is a huge page, Linux's order 9. [K]
 */
export const BUDDY_MAX_ORDER = 1

/** Mobility type of a page block (`MIGRATE_*`); on x86 a page block is one huge page. [K] */
const MOVABLE = 0
const UNMOVABLE = 1
type Mobility = typeof MOVABLE | typeof UNMOVABLE

/**
 * The free lists of one NUMA node: mm/page_alloc.c, from huge pages upward.
 *
 * - A free list an order and mobility type. Taking looks at the asked type's lists first, smallest order first, head first
 *   (`__rmqueue_smallest`); if all are empty it claims the *largest* block of the other type, which changes type with all it
 *   holds (`__rmqueue_claim`). The lower half of a split block is used, the upper goes to the head of its list (`expand`). [K]
 * - Freeing merges with free buddies whatever their type, and the whole becomes of the freed page's type
 *   (`__free_one_page`). It goes to the head of its list: to the tail only if the next merge is likely, which Linux does not
 *   ask for the two largest orders (`buddy_merge_likely`), so with the default never. [K]
 * - guest_memfd allocates with GFP_HIGHUSER, without __GFP_MOVABLE: SNP memory is unmovable, like the kernel's own, and memory
 *   of ordinary guests movable. So what an SNP guest leaves goes to SNP guests first. [K]
 * - Boot frees blocks in address order to the tails of the lists, all movable: the first to be taken is the lowest. [K] Linux may
 *   do so in several threads a node (deferred struct page init), which interleaves chunks; here one does. [A]
 * - Left out [A]: zones (Linux uses ZONE_DMA32, the first 4 GiB, after ZONE_NORMAL), watermarks, the per-CPU lists
 *   that hold back a few huge pages each, and compaction.
 */
export class Buddy implements FreeMemory {
  readonly huges: FolioPool<HugeIndex>
  /** As `alloc_contig_pages` finds them, and as `free_contig_range` gives them back: page by page, upward. [K] */
  readonly regions: FolioPool<RegionIndex>
  /** Here and below, huge pages are numbered from the first region on: buddies differ in one low bit. */
  private readonly counts: RegionCounts
  private readonly lists: FreeLists
  /** What starts in a slot: 0 = no free block, else its `tag`. */
  private readonly tags: Uint8Array
  /** Of free blocks the type of their first page, of used pages their own. */
  private readonly unmovable: Bitmap
  private readonly regionHuges: number
  private readonly maxOrder: number
  /** Two buddies of order 0 are never both free and apart, so a pair needs one slot only: log2 of huge pages a slot. */
  private readonly slotShift: 0 | 1

  /** @param runs usable memory of one node @param maxOrder largest order; its blocks must divide a region */
  constructor({ regionHuges }: Geometry, runs: readonly Run[], maxOrder: number) {
    assert(regionHuges % 2 ** maxOrder === 0, `a buddy block of order ${maxOrder} divides a region of ${regionHuges} huge pages`)
    const span = regionSpan(runs, regionHuges)
    const base = span.first * regionHuges
    this.regionHuges = regionHuges
    this.maxOrder = maxOrder
    this.slotShift = maxOrder === 0 ? 0 : 1
    const slots = (span.count * regionHuges) >> this.slotShift
    const counts = new RegionCounts(span.count, regionHuges)
    this.counts = counts
    this.lists = new FreeLists(slots, 2 * (maxOrder + 1))
    this.tags = new Uint8Array(slots)
    this.unmovable = new Bitmap(span.count * regionHuges)
    for (const { first, end } of runs) this.freeAtBoot(first - base, end - base)
    this.huges = {
      get free() {
        return counts.total
      },
      take: (taker) => base + this.takeHuge(mobilityOf(taker)),
      takePair: (taker) => {
        const pair = this.takePair(mobilityOf(taker))
        return pair < 0 ? -1 : base + pair
      },
      give: (first, end) => this.giveHuges(first - base, end - base),
    }
    this.regions = {
      get free() {
        return counts.whole
      },
      take: () => span.first + this.takeRegion(),
      give: (first, end) => this.huges.give(first * regionHuges, end * regionHuges),
    }
  }

  private takeHuge(mobility: Mobility): number {
    for (let order = 0; order <= this.maxOrder; order++) {
      const slot = this.lists.head(this.list(order, mobility))
      if (slot >= 0) return this.carve(slot, order, mobility)
    }
    const other = mobility === MOVABLE ? UNMOVABLE : MOVABLE
    for (let order = this.maxOrder; order >= 0; order--) {
      const slot = this.lists.head(this.list(order, other))
      if (slot >= 0) return this.carve(slot, order, mobility)
    }
    throw new Error('assertion failed: a huge page is taken only while one is free')
  }

  /** The head of the list of pairs when no single page of that type is free: its halves would go one after the other. */
  private takePair(mobility: Mobility): number {
    if (this.maxOrder === 0 || this.lists.head(this.list(0, mobility)) >= 0) return -1
    const slot = this.lists.head(this.list(1, mobility))
    if (slot < 0) return -1
    const index = this.indexOf(slot)
    this.unlink(slot)
    this.setMobility(index, mobility)
    this.setMobility(index + 1, mobility)
    this.counts.lose(this.regionOf(index), 2)
    return index
  }

  /** Uses the first huge page of a free block and puts the rest on the lists of `mobility`. */
  private carve(slot: number, order: number, mobility: Mobility): number {
    const index = this.indexOf(slot)
    this.unlink(slot)
    while (order > 0) {
      order--
      this.link(index + (1 << order), order, mobility, false)
    }
    this.setMobility(index, mobility)
    this.counts.lose(this.regionOf(index), 1)
    return index
  }

  /** One after the other, upward. A pair of buddies goes as one: the lower would be on a list only until the upper follows. */
  private giveHuges(first: number, end: number): void {
    for (let index = first; index < end; ) {
      const isPair = this.maxOrder > 0 && (index & 1) === 0 && index + 1 < end
      if (isPair) this.giveBlock(index, 1, index + 1)
      else this.giveBlock(index, 0, index)
      index += isPair ? 2 : 1
    }
  }

  /** Frees a block of an order, of which `last` is the page freed last. */
  private giveBlock(first: number, blockOrder: number, last: number): void {
    const mobility = this.unmovable.has(last) ? UNMOVABLE : MOVABLE
    let index = first
    let order = blockOrder
    while (order < this.maxOrder && this.isFree(index ^ (1 << order), order)) {
      this.unlink((index ^ (1 << order)) >> this.slotShift)
      index &= ~(1 << order)
      order++
    }
    this.link(index, order, mobility, this.mergesSoon(index, order))
    this.counts.gain(this.regionOf(last), 1 << blockOrder)
  }

  /** The parent's buddy is free: once the own buddy comes back there will be two merges. */
  private mergesSoon(index: number, order: number): boolean {
    if (order >= this.maxOrder - 1) return false
    const parent = index & ~(1 << order)
    return this.isFree(parent ^ (2 << order), order + 1)
  }

  /**
   * `alloc_contig_pages`: the lowest region that is wholly free. [K] Linux would also migrate movable pages out of the
   * way; here only free memory counts. [A] Page blocks so taken become movable. [K]
   */
  private takeRegion(): number {
    const region = this.counts.all.lowest()
    const end = (region + 1) * this.regionHuges
    for (let index = region * this.regionHuges; index < end; ) {
      const slot = index >> this.slotShift
      const order = (this.tags[slot] - 1) >> 1
      this.unlink(slot)
      index += 1 << order
    }
    this.unmovable.deleteRange(end - this.regionHuges, end)
    this.counts.lose(region, this.regionHuges)
    return region
  }

  /** `__free_pages_memory`: the largest aligned blocks that fit, upward, each to the tail of its list. [K] */
  private freeAtBoot(first: number, end: number): void {
    for (let index = first; index < end; ) {
      let order = this.maxOrder
      while ((index & ((1 << order) - 1)) !== 0 || index + (1 << order) > end) order--
      this.link(index, order, MOVABLE, true)
      index += 1 << order
    }
    this.counts.gainRange(first, end)
  }

  private link(index: number, order: number, mobility: Mobility, toTail: boolean): void {
    const slot = index >> this.slotShift
    this.tags[slot] = this.tag(index, order)
    this.setMobility(index, mobility)
    if (toTail) this.lists.addTail(this.list(order, mobility), slot)
    else this.lists.addHead(this.list(order, mobility), slot)
  }

  private unlink(slot: number): void {
    this.lists.remove(slot)
    this.tags[slot] = 0
  }

  /** Whether a free block of exactly this order starts at `index`. */
  private isFree(index: number, order: number): boolean {
    return this.tags[index >> this.slotShift] === this.tag(index, order)
  }

  /** 1 + 2 · order, and 1 more for the upper huge page of a pair. */
  private tag(index: number, order: number): number {
    return 1 + 2 * order + (index & this.slotShift)
  }

  private indexOf(slot: number): number {
    return (slot << this.slotShift) | ((this.tags[slot] - 1) & this.slotShift)
  }

  private setMobility(index: number, mobility: Mobility): void {
    if (mobility === UNMOVABLE) this.unmovable.add(index)
    else this.unmovable.delete(index)
  }

  private list(order: number, mobility: Mobility): number {
    return 2 * order + mobility
  }

  private regionOf(index: number): number {
    return Math.floor(index / this.regionHuges)
  }
}

function mobilityOf(taker: Taker): Mobility {
  return taker === 'ordinary' ? MOVABLE : UNMOVABLE
}
