import { assert } from '../arch/index.ts'
import { Components } from './components.ts'
import { fairLoop } from './fair-loop.ts'
import { type Graph, pathTo } from './graph.ts'
import type { Model, Property, Verdict } from './model.ts'

/**
 * Judges what must be so `eventually` on the finished graph, outside events left out: every fair run that goes on for ever must get
 * to where the property holds and stay there. (One that ends was judged where it ends.) Such a run goes round a strongly connected
 * component for ever. Fair (weakly): an action that stays enabled is taken some time; so a component can be stayed in only if each
 * action is disabled somewhere in it, or leads from somewhere in it to somewhere in it.
 */
export function lasting(model: Model, graph: Graph, properties: readonly Property[]): Verdict[] {
  assert(model.canonicalise === undefined, 'fairness is by thread: it is not judged where threads are taken for each other')
  const components = new Components(model, graph)
  const state = new Int32Array(model.words)
  return properties.map((property): Verdict => {
    for (let index = 0; index < graph.states.count; index++) {
      if (!components.mayStayAt(index)) continue
      graph.states.read(index, state)
      if (property.holds(state)) continue
      const loop = fairLoop(model, graph, components, index)
      return { property: property.name, kind: 'fails', path: pathTo(model, graph, index), loop }
    }
    return { property: property.name, kind: 'holds', states: graph.states.count }
  })
}
