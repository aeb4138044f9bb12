import type { Lane } from './lanes.ts'

/** What is drawn together: a host, a run. Times of all that belongs to it are in nanoseconds. */
export interface Process {
  readonly name: string
  /** What is worth knowing of it: goes into a metadata event, `rmpopt_notes`. */
  readonly notes?: Readonly<Record<string, number | string>>
  readonly counters?: readonly Counter[]
  /** From top to bottom. */
  readonly tracks: readonly Track[]
}

/** A figure over time: it keeps each value until the next. */
interface Counter {
  readonly name: string
  readonly values: readonly { readonly atNs: number; readonly value: number }[]
}

/** A line of the trace; what is on it nests. */
export interface Track {
  /** Unlike that of every other track of the process. */
  readonly tid: number
  readonly name: string
  readonly lane: Lane<Slice>
}

/** Something that took time, or an instant. */
export interface Slice {
  readonly name: string
  readonly kind: string
  readonly startNs: number
  readonly endNs: number
  /** It takes no time. */
  readonly isMoment?: boolean
  readonly args?: Readonly<Record<string, number | string>>
}

/** Beyond the number of any CPU and of the further tracks that it may need. */
export const OTHER_TRACKS = 1_000_000_000

/** Processes in the JSON format of Chrome's tracing, which the Perfetto UI opens. */
export function chromeTrace(processes: readonly Process[]): string {
  const events = processes.flatMap(({ name, notes, counters = [], tracks }, at) => {
    const pid = at + 1
    return [
      metadata(pid, 0, 'process_name', { name }),
      metadata(pid, 0, 'process_sort_index', { sort_index: pid }),
      ...(notes === undefined ? [] : [metadata(pid, 0, 'rmpopt_notes', notes)]),
      ...counters.flatMap((counter) => counted(pid, counter)),
      ...tracks.flatMap((track, order) => written(pid, track, order)),
    ]
  })
  return `{"displayTimeUnit":"ns","traceEvents":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`
}

/** An event of the format: `ts` and `dur` in microseconds. */
type TraceEvent = Readonly<Record<string, unknown>>

function written(pid: number, { tid, name, lane }: Track, order: number): TraceEvent[] {
  return [
    metadata(pid, tid, 'thread_name', { name }),
    metadata(pid, tid, 'thread_sort_index', { sort_index: order }),
    ...lane.map((slice) => sliced(pid, tid, slice)),
  ]
}

function metadata(pid: number, tid: number, name: string, args: Readonly<Record<string, unknown>>): TraceEvent {
  return { ph: 'M', pid, tid, name, args }
}

function sliced(pid: number, tid: number, { name, kind, startNs, endNs, isMoment = false, args }: Slice): TraceEvent {
  return {
    ...(isMoment ? { ph: 'i', s: 't' } : { ph: 'X' }),
    ...{ pid, tid, name, cat: kind, ts: microseconds(startNs) },
    ...(isMoment ? {} : { dur: microseconds(Math.round(endNs) - Math.round(startNs)) }),
    ...(args === undefined ? {} : { args }),
  }
}

function counted(pid: number, { name, values }: Counter): TraceEvent[] {
  return [...values]
    .sort((a, b) => a.atNs - b.atNs)
    .map(({ atNs, value }) => ({ ph: 'C', pid, name, ts: microseconds(atNs), args: { value } }))
}

/** With nanoseconds as decimals, and no digits that division invented. */
function microseconds(ns: number): number {
  return Math.round(ns) / 1000
}
