import type { Model, Path } from './model.ts'
import { pathThrough } from './path.ts'
import type { StateSet } from './state-set.ts'

/** The states that were reached, numbered in the order they were found. */
export interface Graph {
  readonly states: StateSet
  /** Of each state the one it was first reached from; of an initial state -1. */
  readonly parents: Int32Array
}

/** The path on which a state was first reached. */
export function pathTo(model: Model, { states, parents }: Graph, index: number): Path {
  const chain = []
  for (let at = index; at >= 0; at = parents[at]) chain.unshift(states.state(at))
  return pathThrough(model, chain)
}
