import { assert } from '../arch/index.ts'
import type { Graph } from './graph.ts'
import type { Model } from './model.ts'

/** A state in which nothing is enabled. */
export interface Ending {
  /** Its number in the graph. */
  readonly index: number
  /** How many runs end in it: exact up to 2^53, rounded above. */
  readonly runs: number
}

/**
 * All endings of a finished graph, in the order they were found. Runs are counted where every step leads further away from the
 * initial states, as in programs without loops; asserted.
 */
export function endings(model: Model, { states, parents }: Graph): Ending[] {
  const runs = new Float64Array(states.count)
  const [from, to] = [new Int32Array(model.words), new Int32Array(model.words)]
  const found: Ending[] = []
  for (let index = 0; index < states.count; index++) {
    if (parents[index] < 0) runs[index]++
    states.read(index, from)
    let enabled = 0
    for (let action = 0; action < model.actions; action++) {
      if (!model.step(from, action, to)) continue
      enabled++
      model.canonicalise?.(to)
      const next = states.indexOf(to)
      assert(next > index, 'there is no way back')
      runs[next] += runs[index]
    }
    if (enabled === 0) found.push({ index, runs: runs[index] })
  }
  return found
}
