import { assert } from '../../arch/index.ts'
import { GuestPages } from './guest-pages.ts'
import { KernelPages } from './kernel-pages.ts'
import type { Taker } from './pool.ts'
import { hugeRuns, type UsableRange } from './runs.ts'
import { type SupplyOptions, supplyOf } from './supply.ts'
import type { MemoryUser, PhysicalMemory } from './types.ts'

export interface PhysicalMemoryOptions extends SupplyOptions {
  /**
   * Usable RAM, sorted and disjoint: already without the RMP, firmware pages and what the host keeps for itself. What does not
   * fill a huge page is lost.
   */
  readonly ranges: readonly UsableRange[]
}

/**
 * The host's memory, all of it free. A guest's memory is made of folios: huge pages, or whole regions with backing `1g` and with
 * placement `hugetlb`. Backing `4k` uses whole huge pages too: Linux serves order-0 pages out of page blocks it has
 * broken up, one after the other, so a guest of many pages fills nearly all of them. [A]
 */
export function createPhysicalMemory(options: PhysicalMemoryOptions): PhysicalMemory {
  const { geometry, ranges } = options
  const runs = hugeRuns(ranges, geometry)
  const supply = supplyOf(options, runs)
  const folios = Math.ceil((runs.at(-1)?.end ?? 0) / supply.folioHuges)
  const guests = new GuestPages(supply.guests, supply.folioHuges * geometry.hugePages, folios)
  const kernels = new Map<Taker, KernelPages>()
  const kernelOf = (user: MemoryUser) => {
    const taker = supply.kernelTaker(user)
    if (!kernels.has(taker)) kernels.set(taker, new KernelPages(geometry, supply.kernel, taker))
    return kernels.get(taker)!
  }
  return {
    folioPages: supply.folioHuges * geometry.hugePages,
    get freePages() {
      let pages = supply.freeHuges() * geometry.hugePages
      for (const kernel of kernels.values()) pages += kernel.free
      return pages
    },
    get guestPages() {
      return supply.guests.free * supply.folioHuges * geometry.hugePages
    },
    allocateGuest: (pages, user, node) => guests.allocate(pages, user, node),
    freeGuest: (extents) => guests.free(extents),
    allocateKernelPage: (user) => kernelOf(user).allocate(),
    freeKernelPage: (pfn) => {
      const released = [...kernels.values()].some((kernel) => kernel.release(pfn))
      assert(released, `the kernel holds page ${pfn}`)
    },
  }
}
