import type { Slice, Track } from './chrome-trace.ts'
import { lanes } from './lanes.ts'

/**
 * A track for each CPU, numbered like it, in order. What does not nest, two slices of one CPU that overlap, goes to a further track below.
 * @param slices what runs on no CPU is left out
 */
export function cpuTracks<S extends Slice & { readonly cpu?: number }>(slices: readonly S[]): Track[] {
  const byCpu = new Map<number, S[]>()
  for (const slice of slices) {
    if (slice.cpu === undefined) continue
    const own = byCpu.get(slice.cpu)
    if (own === undefined) byCpu.set(slice.cpu, [slice])
    else own.push(slice)
  }
  const sorted = [...byCpu].sort(([a], [b]) => a - b)
  return sorted.flatMap(([cpu, own]) =>
    lanes(own).map((lane, at) => ({
      tid: cpu + at * FURTHER_TRACKS,
      name: at === 0 ? `CPU ${cpu}` : `CPU ${cpu} (${at + 1})`,
      lane,
    })),
  )
}

/** Above the number of any CPU. */
const FURTHER_TRACKS = 100_000
