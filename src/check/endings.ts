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
 * All endings of a finished graph, in the order they were found. Runs can be counted where nothing leads back to where it was,
 * as in programs without loops; asserted.
 */
export function endings(model: Model, graph: Graph): Ending[] {
  const { states, parents } = graph
  const arrows = arrowsInto(model, graph)
  const runs = new Float64Array(states.count)
  const found: Ending[] = []
  // A state's turn comes when all that lead to it have had theirs.
  const turn: number[] = []
  for (let index = 0; index < states.count; index++) {
    if (parents[index] < 0) runs[index] = 1
    if (arrows[index] === 0) turn.push(index)
  }
  let done = 0
  for (; turn.length > 0; done++) {
    const index = turn.pop() as number
    const enabled = eachNext(model, graph, index, (next) => {
      runs[next] += runs[index]
      if (--arrows[next] === 0) turn.push(next)
    })
    if (enabled === 0) found.push({ index, runs: runs[index] })
  }
  assert(done === states.count, 'nothing leads back')
  return found.sort((a, b) => a.index - b.index)
}

/** Of each state how many steps lead to it. */
function arrowsInto(model: Model, graph: Graph): Int32Array {
  const arrows = new Int32Array(graph.states.count)
  for (let index = 0; index < arrows.length; index++) eachNext(model, graph, index, (next) => void arrows[next]++)
  return arrows
}

/** @returns how many actions are enabled */
function eachNext(model: Model, { states }: Graph, index: number, tell: (next: number) => void): number {
  const [from, to] = [states.state(index), new Int32Array(model.words)]
  let enabled = 0
  for (let action = 0; action < model.actions; action++) {
    if (!model.step(from, action, to)) continue
    enabled++
    model.canonicalise?.(to)
    tell(states.indexOf(to))
  }
  return enabled
}
