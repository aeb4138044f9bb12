/** What is used of the events of a trace in Chrome's format. */
export interface TraceEvent {
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly name: string
  readonly cat: string
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, number | string>>
}

export function traceEvents(text: string): TraceEvent[] {
  return JSON.parse(text).traceEvents
}

/** The slices of each track, by the track's name; of all processes, or of one. */
export function tracks(events: readonly TraceEvent[], pid?: number): Record<string, TraceEvent[]> {
  const names = events.filter((event) => event.name === 'thread_name' && (pid === undefined || event.pid === pid))
  return Object.fromEntries(
    names.map(({ pid, tid, args }) => [
      args['name'],
      events.filter((event) => event.ph === 'X' && event.pid === pid && event.tid === tid),
    ]),
  )
}

/** Slices of a track that neither lie within nor apart from each before, or start earlier: viewers drop or misplace them. */
export function misplaced(track: readonly TraceEvent[]): TraceEvent[] {
  return track.filter((slice, at) => !nests(track.slice(0, at), slice))
}

/** In whole nanoseconds. */
function nests(before: readonly TraceEvent[], slice: TraceEvent): boolean {
  const [start, end] = ends(slice)
  return before.every((other) => {
    const [otherStart, otherEnd] = ends(other)
    return otherStart <= start && (otherEnd <= start || end <= otherEnd)
  })
}

function ends({ ts, dur }: TraceEvent): [number, number] {
  return [Math.round(ts * 1000), Math.round(ts * 1000) + Math.round(dur * 1000)]
}
