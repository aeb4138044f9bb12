import type { Spa } from './units.ts'

/** A range of system physical addresses in bytes, end exclusive. */
export interface SpaRange {
  readonly start: Spa
  readonly end: Spa
}

/** The same addresses in ascending ranges that neither touch nor overlap; empty ones dropped. */
export function mergeRanges(ranges: readonly SpaRange[]): SpaRange[] {
  const merged: { start: Spa; end: Spa }[] = []
  const ascending = ranges.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start)
  for (const { start, end } of ascending) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}
