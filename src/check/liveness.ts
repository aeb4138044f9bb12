import { assert } from '../arch/index.ts'
import { Components } from './components.ts'
import { fairLoop } from './fair-loop.ts'
import { type Graph, pathTo } from './graph.ts'
import type { Model, Property, Verdict } from './model.ts'

/**
 * Judges an `eventually` on the finished graph, outside events left out: every maximal fair run must end where the property
 * holds. A run ends in a state where nothing is enabled, or goes round a strongly connected component for ever. Fair (weakly):
 * an action that stays enabled is taken some time; so a component can be stayed in only if each action is disabled somewhere in
 * it, or leads from somewhere in it to somewhere in it.
 */
export function lasting(model: Model, graph: Graph, property: Property): Verdict {
  assert(model.canonicalise === undefined, 'fairness is by thread: it is not judged where threads are taken for each other')
  const inside = new Components(model, graph)
  const state = new Int32Array(model.words)
  for (let index = 0; index < graph.states.count; index++) {
    if (!inside.mayEndAt(index)) continue
    graph.states.read(index, state)
    if (property.holds(state)) continue
    const path = pathTo(model, graph, index)
    if (inside.isStuck(index)) return { property: property.name, kind: 'fails', path }
    return { property: property.name, kind: 'fails', path, loop: fairLoop(model, graph, inside, index) }
  }
  return { property: property.name, kind: 'holds', states: graph.states.count }
}
