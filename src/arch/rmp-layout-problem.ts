import { coveredRanges, mappedBytes, RMP_BOOKKEEPING_BYTES, type RmpLayout, type SegmentedRmp } from './rmp-layout.ts'
import { RST_ENTRIES } from './rst.ts'
import { mergeRanges, type SpaRange } from './spa-range.ts'
import { KIB, MIB } from './units.ts'

/**
 * Why Linux would refuse SNP with this RMP, in one line for people; `undefined` when it would not. Whether the CPU supports
 * the size of the segments (CPUID 8000_0025) is asked elsewhere, and so is what the firmware demands beyond Linux.
 *
 * @param ramRanges all of RAM, end exclusive: the RMP must cover it [K]
 */
export function layoutProblem(layout: RmpLayout, ramRanges: readonly SpaRange[]): string | undefined {
  return alignmentProblem(layout) ?? coverageProblem(layout, ramRanges)
}

function alignmentProblem(layout: RmpLayout): string | undefined {
  if (layout.base % RMP_ALIGNMENT !== 0) return `RMP base ${hex(layout.base)} is not 8 KiB aligned`
  if (layout.kind === 'segmented') return segmentsProblem(layout)
  if ((layout.end + 1) % RMP_ALIGNMENT !== 0) return `RMP end ${hex(layout.end)} + 1 is not 8 KiB aligned`
  if (layout.end + 1 - layout.base <= RMP_BOOKKEEPING_BYTES) {
    return `RMP ${hex(layout.base)} to ${hex(layout.end)} has no room for entries after its 16 KiB of bookkeeping`
  }
  return undefined
}

function segmentsProblem(layout: SegmentedRmp): string | undefined {
  const { segmentShift, segments } = layout
  if (!Number.isInteger(segmentShift) || segmentShift < SEGMENT_SHIFT_MIN || segmentShift > SEGMENT_SHIFT_MAX) {
    return `RMP segment shift ${segmentShift} is not from ${SEGMENT_SHIFT_MIN} (1 GiB segments) to ${SEGMENT_SHIFT_MAX}`
  }
  if (segments.length > RST_ENTRIES) return `RMP has ${segments.length} segments, its table holds ${RST_ENTRIES}`
  const misaligned = segments.findIndex(({ address }, i) => mappedBytes(layout, i) > 0 && address % MIB !== 0)
  if (misaligned < 0) return undefined
  return `RMP segment ${misaligned} at ${hex(segments[misaligned].address)} is not 1 MiB aligned`
}

function coverageProblem(layout: RmpLayout, ramRanges: readonly SpaRange[]): string | undefined {
  const covered = coveredRanges(layout)
  for (const { start, end } of mergeRanges(ramRanges)) {
    const around = covered.find((range) => range.start <= start && start < range.end)
    if (around === undefined) return `RMP does not cover all RAM: nothing from ${hex(start)}`
    if (around.end < end) return `RMP does not cover all RAM: nothing from ${hex(around.end)}, RAM goes on to ${hex(end)}`
  }
  return undefined
}

/** RMP_BASE, and RMP_END + 1. [K] The firmware wants 1 MiB. */
const RMP_ALIGNMENT = 8 * KIB
/** Mapped sizes are whole GiB, [K] so a segment is at least one. */
const SEGMENT_SHIFT_MIN = 30
/** The field of RMP_CFG has six bits. [K] */
const SEGMENT_SHIFT_MAX = 63

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
