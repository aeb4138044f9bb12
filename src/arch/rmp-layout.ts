/** Where RMP entries live, for both forms of RMP. Addresses and sizes are bytes. */
import { AMD64 } from './geometry.ts'
import { RST_BYTES, RST_ENTRIES, type RstEntry } from './rst.ts'
import { mergeRanges, type SpaRange } from './spa-range.ts'
import { GIB, KIB, type Spa } from './units.ts'

/** What the processor keeps for itself at RMP_BASE, before anything else. [K] */
export const RMP_BOOKKEEPING_BYTES = 16 * KIB
/** One entry, for one 4 KiB page. [K] */
export const RMP_ENTRY_BYTES = 16

export type RmpLayout = ContiguousRmp | SegmentedRmp

/** Bookkeeping, then the entry of every page from SPA 0 on, to the end. [K] */
export interface ContiguousRmp {
  readonly kind: 'contiguous'
  readonly base: Spa
  /** The last byte of the RMP, as RMP_END reads. */
  readonly end: Spa
}

/** Bookkeeping, then the RST, which says where the entries of each segment are. RMPOPT needs this form. [K] [L v1] */
export interface SegmentedRmp {
  readonly kind: 'segmented'
  readonly base: Spa
  /** log2 of the bytes that one segment covers. */
  readonly segmentShift: number
  /** The RST, at most 512 entries; those that it would have beyond the end of the array are zero. */
  readonly segments: readonly RstEntry[]
}

/** The first address that a contiguous RMP does not cover: it covers SPA 0 to there. [K] */
export function coveredTo({ base, end }: ContiguousRmp): Spa {
  const entries = Math.floor((end + 1 - base - RMP_BOOKKEEPING_BYTES) / RMP_ENTRY_BYTES)
  return Math.max(0, entries) * AMD64.pageBytes
}

/** Whether the page at `spa` has an RMP entry. */
export function isCovered(layout: RmpLayout, spa: Spa): boolean {
  return entryAddress(layout, spa) !== undefined
}

/** Where the RMP entry of the page at `spa` is; `undefined` when it has none. */
export function entryAddress(layout: RmpLayout, spa: Spa): Spa | undefined {
  if (layout.kind === 'contiguous') {
    return spa < coveredTo(layout) ? layout.base + RMP_BOOKKEEPING_BYTES + entryBytes(spa) : undefined
  }
  const segment = Math.floor(spa / segmentBytes(layout))
  const offset = spa - segment * segmentBytes(layout)
  return offset < mappedBytes(layout, segment) ? layout.segments[segment].address + entryBytes(offset) : undefined
}

/** The memory that has RMP entries, in ascending ranges. */
export function coveredRanges(layout: RmpLayout): SpaRange[] {
  if (layout.kind === 'contiguous') return mergeRanges([{ start: 0, end: coveredTo(layout) }])
  return mergeRanges(
    layout.segments.map((_, segment) => {
      const start = segment * segmentBytes(layout)
      return { start, end: start + mappedBytes(layout, segment) }
    }),
  )
}

/** The memory that the RMP itself occupies, in ascending ranges: bookkeeping, RST, entries. */
export function ownRanges(layout: RmpLayout): SpaRange[] {
  if (layout.kind === 'contiguous') return [{ start: layout.base, end: layout.end + 1 }]
  const { base, segments } = layout
  return mergeRanges([
    { start: base, end: base + RMP_BOOKKEEPING_BYTES + RST_BYTES },
    ...segments.map(({ address }, i) => ({ start: address, end: address + entryBytes(mappedBytes(layout, i)) })),
  ])
}

/** The memory that one segment covers when all of it is mapped. */
export function segmentBytes({ segmentShift }: SegmentedRmp): number {
  return 2 ** segmentShift
}

/** The memory that segment number `segment` has entries for, from its start: a mapped size beyond the segment is clamped. [K] */
export function mappedBytes(layout: SegmentedRmp, segment: number): number {
  if (segment >= Math.min(layout.segments.length, RST_ENTRIES)) return 0
  return Math.min(layout.segments[segment].mappedGib * GIB, segmentBytes(layout))
}

/** The size of the entries of the first `bytes` of a range; for an offset into it, where its page's entry is. */
export function entryBytes(bytes: number): number {
  return Math.floor(bytes / AMD64.pageBytes) * RMP_ENTRY_BYTES
}
