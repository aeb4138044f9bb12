import type { HostEvents, HostSpan } from '../../lab/index.ts'
import { chromeTrace, OTHER_TRACKS, type Slice, type Track } from './chrome-trace.ts'
import { cpuTracks } from './cpu-tracks.ts'
import { lanes } from './lanes.ts'

/**
 * What happened on hosts, for the Perfetto UI: a process a host; a track a CPU, and tracks for what runs on none; counters above them.
 */
export function perfettoTrace({ hosts }: HostEvents): string {
  return chromeTrace(
    hosts.map(({ name, spans, counters, notes }) => ({
      ...{ name, notes, counters },
      tracks: [...cpuTracks(spans.map(sliceOf)), ...otherTracks(spans)],
    })),
  )
}

function sliceOf(span: HostSpan): HostSpan & Slice {
  return { ...span, isMoment: span.kind === 'request' || span.kind === 'moment' }
}

/** Guests and whatever else runs on no CPU: kinds in order, each on as many tracks as it takes, one after the other with its parts. */
function otherTracks(spans: readonly HostSpan[]): Track[] {
  const free = spans.filter(({ cpu }) => cpu === undefined)
  const kinds = [...new Set(free.map(({ kind }) => kind))].sort()
  const tracks = kinds.flatMap((kind) =>
    lanes(
      free.filter((span) => span.kind === kind),
      'apart',
    ).map((lane, at) => ({
      name: `${kind} ${at + 1}`,
      lane: lane.flatMap((span) => [span, ...(span.parts ?? [])]).map(sliceOf),
    })),
  )
  return tracks.map((track, at) => ({ ...track, tid: OTHER_TRACKS + at }))
}
