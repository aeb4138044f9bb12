/** Something that took time. */
interface Span {
  readonly startNs: number
  readonly endNs: number
}

/** Spans that nest: of any two one holds the other, or they lie apart. By start, the outer before the inner. */
export type Lane<S extends Span> = readonly S[]

/** Spans on as few lanes as first come, first served allows, so that on each lane they nest, or even lie apart. */
export function lanes<S extends Span>(spans: readonly S[], how: 'nested' | 'apart' = 'nested'): Lane<S>[] {
  const all: { readonly spans: S[]; readonly open: S[] }[] = []
  for (const span of [...spans].sort((a, b) => a.startNs - b.startNs || b.endNs - a.endNs)) {
    let lane = all.find(({ open }) => fits(open, span, how))
    if (lane === undefined) all.push((lane = { spans: [], open: [] }))
    lane.spans.push(span)
    lane.open.push(span)
  }
  return all.map((lane) => lane.spans)
}

/** Closes what has ended. Whether nothing is open then, or the span may and does lie within it. */
function fits(open: Span[], { startNs, endNs }: Span, how: 'nested' | 'apart'): boolean {
  while (open.length > 0 && open[open.length - 1].endNs <= startNs) open.pop()
  return open.length === 0 || (how === 'nested' && endNs <= open[open.length - 1].endNs)
}
