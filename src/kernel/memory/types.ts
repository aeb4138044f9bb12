import type { Pfn } from '../../arch/index.ts'

/** A run of contiguous pages: `pages` of them from `pfn` on. */
export interface Extent {
  readonly pfn: Pfn
  readonly pages: number
}

/** Whom memory is for: an SNP guest, or an ordinary one. */
export type MemoryUser = 'snp' | 'ordinary'

/**
 * Which system physical pages a VM gets. That decides everything here: a 1 GiB region is eligible only when none of its
 * pages is assigned.
 */
export interface PhysicalMemory {
  /** Pages of the folios that guests' memory is made of. */
  readonly folioPages: number
  /** Pages that could still be given to guests or to the kernel. */
  readonly freePages: number
  /** Pages that could still be given to guests as whole folios. */
  readonly guestPages: number
  /**
   * Takes memory for a guest. `undefined`: there is not enough of it (nothing is taken then).
   * @param pages at least 1; rounded up to the backing's folio
   * @param node NUMA node to prefer
   */
  allocateGuest(pages: number, user: MemoryUser, node?: number): Extent[] | undefined
  /** Gives memory back; an extent may be any folio-aligned part of what was taken. */
  freeGuest(extents: readonly Extent[]): void
  /**
   * Takes one 4 KiB page of unmovable kernel memory (a guest context, a VMSA). Kernel pages share huge pages with each
   * other, never with guest memory, as page blocks do in Linux.
   */
  allocateKernelPage(user: MemoryUser): Pfn | undefined
  freeKernelPage(pfn: Pfn): void
}
