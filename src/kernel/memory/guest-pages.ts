import { assert, type Pfn } from '../../arch/index.ts'
import { Bitmap } from './bitmap.ts'
import type { NodePools } from './node-pools.ts'
import type { FolioPool } from './pool.ts'
import type { Extent, MemoryUser } from './types.ts'

/** The memory of guests: whole folios, of which it knows which are out. */
export class GuestPages {
  private readonly pools: NodePools
  private readonly folioPages: number
  private readonly folios: number
  /** Folios that guests hold. */
  private readonly held: Bitmap

  /** @param folios one more than the highest folio there is */
  constructor(pools: NodePools, folioPages: number, folios: number) {
    this.pools = pools
    this.folioPages = folioPages
    this.folios = folios
    this.held = new Bitmap(folios)
  }

  /** See `PhysicalMemory.allocateGuest`. */
  allocate(pages: number, user: MemoryUser, node?: number): Extent[] | undefined {
    assert(Number.isInteger(pages) && pages >= 1, `a guest has at least one page, not ${pages}`)
    let left = Math.ceil(pages / this.folioPages)
    if (left > this.pools.free) return undefined
    const list = new ExtentList(this.folioPages)
    for (const pool of this.pools.inOrder(node)) {
      const taken = Math.min(left, pool.free)
      this.takeFrom(pool, user, taken, list)
      left -= taken
    }
    for (const extent of list.extents) {
      const first = extent.pfn / this.folioPages
      this.held.addRange(first, first + extent.pages / this.folioPages)
    }
    return list.extents
  }

  private takeFrom(pool: FolioPool, user: MemoryUser, count: number, list: ExtentList): void {
    const { folioPages } = this
    for (let left = count; left > 0; ) {
      const pair = left >= 2 && pool.takePair !== undefined ? pool.takePair(user) : -1
      if (pair >= 0) list.addUpward(pair * folioPages, 2)
      else list.add(pool.take(user) * folioPages)
      left -= pair >= 0 ? 2 : 1
    }
  }

  /** See `PhysicalMemory.freeGuest`. Folios go back upward within an extent, extent by extent, as truncation does. [K] */
  free(extents: readonly Extent[]): void {
    for (const { pfn, pages } of extents) {
      const first = pfn / this.folioPages
      const end = first + pages / this.folioPages
      assert(Number.isInteger(first) && Number.isInteger(end) && first < end, 'an extent is made of whole folios')
      assert(first >= 0 && end <= this.folios, 'an extent lies in memory')
      assert(this.held.hasRange(first, end), 'a guest holds what it gives back')
      this.held.deleteRange(first, end)
      this.pools.give(first, end)
    }
  }
}

/**
 * Joins folios to extents as they come. Folios that come downward, one below the other, make one extent too: what is
 * taken from the top is laid out upward within it. [A]
 */
class ExtentList {
  readonly extents: GrowingExtent[] = []
  private last: GrowingExtent | undefined
  private readonly folioPages: number
  /** Where the last extent grows: unknown while it has one folio. */
  private growth: 'unknown' | 'up' | 'down' = 'unknown'

  constructor(folioPages: number) {
    this.folioPages = folioPages
  }

  /** Several folios from `pfn` on, as if they came one by one. */
  addUpward(pfn: Pfn, folios: number): void {
    this.add(pfn)
    const last = this.last as GrowingExtent
    const isGrowing = this.growth !== 'down' && pfn + this.folioPages === last.pfn + last.pages
    if (isGrowing) {
      this.growth = 'up'
      last.pages += (folios - 1) * this.folioPages
    } else for (let i = 1; i < folios; i++) this.add(pfn + i * this.folioPages)
  }

  add(pfn: Pfn): void {
    const { last } = this
    if (last && pfn === last.pfn + last.pages && this.growth !== 'down') {
      this.growth = 'up'
      last.pages += this.folioPages
    } else if (last && pfn === last.pfn - this.folioPages && this.growth !== 'up') {
      this.growth = 'down'
      last.pfn = pfn
      last.pages += this.folioPages
    } else {
      this.growth = 'unknown'
      this.extents.push((this.last = { pfn, pages: this.folioPages }))
    }
  }
}

interface GrowingExtent {
  pfn: Pfn
  pages: number
}
