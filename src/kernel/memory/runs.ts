import { assert, type Geometry, type HugeIndex, type RegionIndex, type Spa } from '../../arch/index.ts'

/** Usable RAM of one NUMA node, in bytes; not necessarily aligned to anything. */
export interface UsableRange {
  readonly start: Spa
  readonly end: Spa
  readonly node: number
}

/** Consecutive huge pages of one node, `end` not included. */
export interface Run {
  readonly first: HugeIndex
  readonly end: HugeIndex
  readonly node: number
}

/**
 * The huge pages that lie wholly in usable RAM of one node, ascending. What is left over at the edges is lost: less than
 * two huge pages a range.
 */
export function hugeRuns(ranges: readonly UsableRange[], { hugeBytes }: Geometry): Run[] {
  return joined(ranges)
    .map(({ start, end, node }) => ({ first: Math.ceil(start / hugeBytes), end: Math.floor(end / hugeBytes), node }))
    .filter((run) => run.first < run.end)
}

/** The runs of each node, nodes ascending. */
export function runsByNode(runs: readonly Run[]): Map<number, Run[]> {
  const nodes = [...new Set(runs.map((run) => run.node))].sort((a, b) => a - b)
  return new Map(nodes.map((node) => [node, runs.filter((run) => run.node === node)]))
}

/** The regions that the runs lie in, from the first to the last. */
export function regionSpan(runs: readonly Run[], regionHuges: number): { first: RegionIndex; count: number } {
  const first = Math.floor((runs[0]?.first ?? 0) / regionHuges)
  return { first, count: Math.ceil((runs.at(-1)?.end ?? 0) / regionHuges) - first }
}

/** Ranges that touch on the same node are one: a huge page may lie across the seam. */
function joined(ranges: readonly UsableRange[]): UsableRange[] {
  const out: UsableRange[] = []
  for (const range of ranges) {
    const last = out.at(-1)
    assert(range.start <= range.end && range.start >= (last?.end ?? 0), `usable RAM is sorted and disjoint at ${range.start}`)
    if (range.start === range.end) continue
    if (last && last.end === range.start && last.node === range.node) out[out.length - 1] = { ...last, end: range.end }
    else out.push(range)
  }
  return out
}
