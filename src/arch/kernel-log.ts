/**
 * The lines that Linux writes to its log about the RMP and RMPOPT, without newline and time stamp. [K] [L]
 *
 * Addresses are bytes and PFNs are page numbers, printed as they are given. Ends of ranges are what the line shows: the last
 * byte, except where said. Where §9 of the reference gives no width for a number (`0x…`), `0x%016llx` is our choice;
 * each function says so.
 */
import type { RawRmpEntry } from './rmp-entry.ts'
import type { Pfn, Spa } from './units.ts'

/** The contiguous RMP. Width not given in §9. [K] */
export function logRmpTableRange(start: Spa, end: Spa): string {
  return `SEV-SNP: RMP table physical range ${range(start, end)}`
}

/** The bookkeeping and segment table of a segmented RMP. Width not given in §9. [K] */
export function logSegmentedRmpBaseTableRange(start: Spa, end: Spa): string {
  return `SEV-SNP: Segmented RMP base table physical range ${range(start, end)}`
}

/** @param segmentShift log2 of the bytes that a segment covers, at least 30 [K] */
export function logSegmentedRmpSegmentSize(segmentShift: number): string {
  return `SEV-SNP: Segmented RMP using ${2 ** (segmentShift - 30)}GB segments`
}

/** One segment: where its entries are, and the memory that they describe. Widths not given in §9. [K] */
export function logRmpSegment(segment: number, start: Spa, end: Spa, coveredStart: Spa, coveredEnd: Spa): string {
  return `SEV-SNP: RMP segment ${segment} physical address ${range(start, end)} covering ${range(coveredStart, coveredEnd)}`
}

/** What a pass will scan. §9 gives the width, but not whether `end` is the last byte or the first one after. [L] */
export function logRmpoptRange(start: Spa, end: Spa): string {
  return `SEV-SNP: Attempt RMP optimizations on physical address range @1GB alignment ${range(start, end)}`
}

/** @param limit the first address not optimised. Width not given in §9. [L] */
export function logRmpoptCoverageLimited(limit: Spa): string {
  return `SEV-SNP: RMPOPT coverage limited to 2TB; memory above ${hex(limit)} not optimized`
}

/** The raw entry of a page: low quadword, then high. Width of the PFN not given in §9. [K] */
export function logRmpEntry(pfn: Pfn, { lo, hi }: RawRmpEntry): string {
  return `SEV-SNP: PFN ${hex(pfn)}, RMP entry: ${range(lo, hi)}`
}

/** Pages that could not be made shared again. Widths not given in §9, nor whether `end` is the last one. [K] */
export function logLeakingPfnRange(start: Pfn, end: Pfn): string {
  return `SEV-SNP: Leaking PFN range ${hex(start)}-${hex(end)}`
}

function range(start: number | bigint, end: number | bigint): string {
  return `[${hex(start)} - ${hex(end)}]`
}

/** `0x%016llx` */
function hex(value: number | bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`
}
