/** Something that took time. */
interface Span {
  readonly startNs: number
  readonly endNs: number
}

/** Spans that nest: of any two one holds the other, or they lie apart. By start, the outer before the inner. */
export type Lane<S extends Span> = readonly S[]

/** Spans on as few lanes as first come, first served allows, so that on each lane they nest. */
export function lanes<S extends Span>(spans: readonly S[]): Lane<S>[] {
  const all: { readonly spans: S[]; readonly open: S[] }[] = []
  for (const span of [...spans].sort((a, b) => a.startNs - b.startNs || b.endNs - a.endNs)) {
    let lane = all.find(({ open }) => fits(open, span))
    if (lane === undefined) all.push((lane = { spans: [], open: [] }))
    lane.spans.push(span)
    lane.open.push(span)
  }
  return all.map((lane) => lane.spans)
}

/** Closes what has ended. Whether the span then lies within what is open, or nothing is. */
function fits(open: Span[], { startNs, endNs }: Span): boolean {
  while (open.length > 0 && open[open.length - 1].endNs <= startNs) open.pop()
  return open.length === 0 || endNs <= open[open.length - 1].endNs
}
