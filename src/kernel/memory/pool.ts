import type { HugeIndex, RegionIndex } from '../../arch/index.ts'
import type { MemoryUser } from './types.ts'

/** Who takes a folio: a guest, or the kernel for unmovable pages of its own. */
export type Taker = MemoryUser | 'kernel'

/**
 * Free folios of one size, and the order in which they are handed out. A folio is known by its number: SPA ÷ its size.
 * The pool trusts its callers: it is asked only while `free` is above 0, and given only what it gave.
 */
export interface FolioPool<Folio extends number = number> {
  readonly free: number
  take(taker: Taker): Folio
  /** Where it is cheaper: the folio that `take` would hand out and the next one, if these are the two halves of one block; -1: not so. */
  takePair?(taker: Taker): Folio | -1
  /** Takes back first .. end − 1, in this order. */
  give(first: Folio, end: Folio): void
}

/** The free memory of one node, or of a whole machine, handed out as huge pages or as whole regions. */
export interface FreeMemory {
  readonly huges: FolioPool<HugeIndex>
  readonly regions: FolioPool<RegionIndex>
}
