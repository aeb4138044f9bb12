import type { HostCounter, HostEvents, HostSpan } from '../../lab/index.ts'
import { type Lane, lanes } from './lanes.ts'

/**
 * What happened on hosts, in the JSON format of Chrome's tracing, which the Perfetto UI opens: a process a host; a track a CPU, and tracks for
 * what runs on none; counters above them. Slices of a track nest. What a host has of notes goes into a metadata event, `rmpopt_notes`.
 */
export function perfettoTrace({ hosts }: HostEvents): string {
  const events = hosts.flatMap(({ name, spans, counters, notes }, at) => {
    const pid = at + 1
    return [
      metadata(pid, 0, 'process_name', { name }),
      metadata(pid, 0, 'process_sort_index', { sort_index: pid }),
      ...(notes === undefined ? [] : [metadata(pid, 0, 'rmpopt_notes', notes)]),
      ...counters.flatMap((counter) => counted(pid, counter)),
      ...[...cpuTracks(spans), ...otherTracks(spans)].flatMap((track, order) => written(pid, track, order)),
    ]
  })
  return `{"displayTimeUnit":"ns","traceEvents":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`
}

/** An event of the format: `ts` and `dur` in microseconds. */
type TraceEvent = Readonly<Record<string, unknown>>

interface Track {
  readonly tid: number
  readonly name: string
  readonly lane: Lane<HostSpan>
}

/** A track for each CPU, numbered like it. What does not nest, two spans of one CPU that overlap, goes to a further track below. */
function cpuTracks(spans: readonly HostSpan[]): Track[] {
  const byCpu = new Map<number, HostSpan[]>()
  for (const span of spans) {
    if (span.cpu === undefined) continue
    const own = byCpu.get(span.cpu)
    if (own === undefined) byCpu.set(span.cpu, [span])
    else own.push(span)
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

/** Guests and whatever else runs on no CPU: kinds in order, each on as many tracks as it takes, one after the other with its parts. */
function otherTracks(spans: readonly HostSpan[]): Track[] {
  const free = spans.filter(({ cpu }) => cpu === undefined)
  const kinds = [...new Set(free.map(({ kind }) => kind))].sort()
  const tracks = kinds.flatMap((kind) =>
    lanes(
      free.filter((span) => span.kind === kind),
      'apart',
    ).map((lane, at) => ({ name: `${kind} ${at + 1}`, lane: lane.flatMap((span) => [span, ...(span.parts ?? [])]) })),
  )
  return tracks.map((track, at) => ({ ...track, tid: OTHER_TRACKS + at }))
}

/** Above the tracks of CPUs. */
const OTHER_TRACKS = 1_000_000_000

function written(pid: number, { tid, name, lane }: Track, order: number): TraceEvent[] {
  return [
    metadata(pid, tid, 'thread_name', { name }),
    metadata(pid, tid, 'thread_sort_index', { sort_index: order }),
    ...slices(pid, tid, lane),
  ]
}

function metadata(pid: number, tid: number, name: string, args: Readonly<Record<string, unknown>>): TraceEvent {
  return { ph: 'M', pid, tid, name, args }
}

function slices(pid: number, tid: number, lane: Lane<HostSpan>): TraceEvent[] {
  return lane.map(({ name, kind, startNs, endNs, args }) => ({
    ...(isMoment(kind) ? { ph: 'i', s: 't' } : { ph: 'X' }),
    ...{ pid, tid, name, cat: kind, ts: microseconds(startNs) },
    ...(isMoment(kind) ? {} : { dur: microseconds(Math.round(endNs) - Math.round(startNs)) }),
    ...(args === undefined ? {} : { args }),
  }))
}

/** Instant events of the format, on their track. */
function isMoment(kind: HostSpan['kind']): boolean {
  return kind === 'request' || kind === 'moment'
}

function counted(pid: number, { name, values }: HostCounter): TraceEvent[] {
  return [...values]
    .sort((a, b) => a.atNs - b.atNs)
    .map(({ atNs, value }) => ({ ph: 'C', pid, name, ts: microseconds(atNs), args: { value } }))
}

/** With nanoseconds as decimals, and no digits that division invented. */
function microseconds(ns: number): number {
  return Math.round(ns) / 1000
}
