import type { PairTable } from '../pair-table.ts'

/**
 * Whether a run may come back to where it was, by the steps that threads were seen to make. On its way round whoever moves comes back to
 * the local state that it was in; so those go round whose own steps do, and where that is one thread alone, the shared state
 * comes back by its steps alone, too. Never `false` where a run may come back.
 * @param stepsOf of each thread its tables of steps: shared and local state before, then after
 */
export function mayLoop(stepsOf: readonly (readonly PairTable[])[]): boolean {
  const turning = stepsOf.filter((tables) => isCyclic(edgesOf(tables, (_, local) => local)))
  if (turning.length > 1) return true
  return turning.some((tables) => isCyclic(edgesOf(tables, (shared, local) => shared * LOCALS_MAX + local)))
}

/** More local states than fit into memory. */
const LOCALS_MAX = 2 ** 26

/** Steps that were made, between the nodes that states stand for. */
function edgesOf(tables: readonly PairTable[], node: (shared: number, local: number) => number): Map<number, number[]> {
  const edges = new Map<number, number[]>()
  for (const table of tables) {
    table.each((shared, local, nextShared, nextLocal) => {
      if (nextShared < 0) return
      const from = node(shared, local)
      const ends = edges.get(from)
      if (ends === undefined) edges.set(from, [node(nextShared, nextLocal)])
      else ends.push(node(nextShared, nextLocal))
    })
  }
  return edges
}

/** Peels off what nothing leads to, again and again: what is left, if anything is, lies on or behind a cycle. */
function isCyclic(edges: ReadonlyMap<number, readonly number[]>): boolean {
  const arrows = new Map<number, number>()
  for (const ends of edges.values()) for (const end of ends) arrows.set(end, (arrows.get(end) ?? 0) + 1)
  const free = [...edges.keys()].filter((node) => !arrows.has(node))
  let left = edges.size - free.length
  while (free.length > 0) {
    for (const end of edges.get(free.pop() as number) ?? []) {
      const more = (arrows.get(end) as number) - 1
      arrows.set(end, more)
      if (more > 0 || !edges.has(end)) continue
      free.push(end)
      left--
    }
  }
  return left > 0
}
