/** Builders of RMP layouts, as a machine's firmware would place them. All sizes and addresses are bytes. */
import { AMD64 } from './geometry.ts'
import {
  type ContiguousRmp,
  entryBytes,
  mappedBytes,
  ownRanges,
  RMP_BOOKKEEPING_BYTES,
  RMP_ENTRY_BYTES,
  type SegmentedRmp,
} from './rmp-layout.ts'
import { encodeRstEntry, RST_BYTES, RST_ENTRIES, type RstEntry } from './rst.ts'
import { mergeRanges, type SpaRange } from './spa-range.ts'
import { assert, GIB, MIB, type Spa } from './units.ts'

/**
 * A contiguous RMP for all memory below `topOfMemory`, its size rounded up to 1 MiB.
 *
 * @param base 1 MiB aligned, as the firmware wants [K]: asserted
 */
export function planContiguous(topOfMemory: Spa, base: Spa): ContiguousRmp {
  assertFirmwareAligned('RMP base', base)
  const bytes = RMP_BOOKKEEPING_BYTES + Math.ceil(topOfMemory / AMD64.pageBytes) * RMP_ENTRY_BYTES
  return { kind: 'contiguous', base, end: base + roundUp(bytes, MIB) - 1 }
}

export interface SegmentedPlan {
  /** All of RAM, end exclusive. */
  readonly ram: readonly SpaRange[]
  /** log2 of the memory that a segment covers, at least 30. */
  readonly segmentShift: number
  /** Where bookkeeping and segment table go: 1 MiB aligned, as the firmware wants. [K] */
  readonly base: Spa
  /** Where the `bytes` of entries of a segment go: 1 MiB aligned. [K] Called for each segment that has RAM, in ascending order. */
  readonly place: (segment: number, bytes: number) => Spa
}

/**
 * A segmented RMP that covers `ram`. A segment is mapped from its start up to its last RAM, rounded up to a GiB; one without
 * RAM is not mapped. Asserts alignments, that the RAM fits in 512 segments, and that the parts of the RMP do not overlap.
 */
export function planSegmented({ ram, segmentShift, base, place }: SegmentedPlan): SegmentedRmp {
  assertFirmwareAligned('RMP base', base)
  assert(segmentShift >= 30, `segments of 2^${segmentShift} bytes are at least 1 GiB`)
  const segments: RstEntry[] = mappedGibs(ram, 2 ** segmentShift).map((mappedGib, segment) => {
    const entry = { mappedGib, address: mappedGib === 0 ? 0 : place(segment, entryBytes(mappedGib * GIB)) }
    encodeRstEntry(entry) // asserts that the table can say it
    return entry
  })
  const layout: SegmentedRmp = { kind: 'segmented', base, segmentShift, segments }
  assertPartsDisjoint(layout)
  return layout
}

/** How many GiB of each segment to map, up to the last segment that has RAM. */
function mappedGibs(ram: readonly SpaRange[], segmentBytes: number): number[] {
  const ranges = mergeRanges(ram)
  const top = ranges.at(-1)?.end ?? 0
  const count = Math.ceil(top / segmentBytes)
  assert(count <= RST_ENTRIES, `RAM up to 0x${top.toString(16)} fits in ${RST_ENTRIES} segments of ${segmentBytes / GIB} GiB`)
  return Array.from({ length: count }, (_, segment) => {
    const start = segment * segmentBytes
    const last = ranges.findLast((range) => range.start < start + segmentBytes)
    const mapped = Math.min((last?.end ?? 0) - start, segmentBytes)
    return Math.ceil(Math.max(0, mapped) / GIB)
  })
}

function assertPartsDisjoint(layout: SegmentedRmp): void {
  const parts = layout.segments.reduce(
    (bytes, _, segment) => bytes + entryBytes(mappedBytes(layout, segment)),
    RMP_BOOKKEEPING_BYTES + RST_BYTES,
  )
  const occupied = ownRanges(layout).reduce((bytes, { start, end }) => bytes + end - start, 0)
  assert(occupied === parts, `the parts of the RMP, ${parts} bytes, occupy ${occupied}: they overlap`)
}

function assertFirmwareAligned(what: string, address: Spa): void {
  assert(address % MIB === 0 && address >= 0, `${what} 0x${address.toString(16)} is 1 MiB aligned`)
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit
}
