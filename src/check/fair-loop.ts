import { assert } from '../arch/index.ts'
import type { Components } from './components.ts'
import type { Graph } from './graph.ts'
import type { Model, Path } from './model.ts'
import { pathOf } from './path.ts'

/**
 * A way from a state of a component round to it again that is fair: each action is taken on it, or is disabled somewhere on it.
 * It shows that the run really may go on like this for ever.
 */
export function fairLoop(model: Model, graph: Graph, components: Components, start: number): Path {
  const component = components.of[start]
  const actions: number[] = []
  let at = start
  const go = (isThere: (index: number) => boolean) => {
    const way = wayTo(components, at, isThere)
    actions.push(...way.actions)
    at = way.end
  }
  const take = (action: number) => {
    actions.push(action)
    at = components.next(at, action)
  }
  const staysBy = (action: number) => (index: number) => components.of[components.next(index, action)] === component
  for (const action of components.inside) {
    if (components.stays(component, action)) {
      go(staysBy(action))
      take(action)
    } else go((index) => components.next(index, action) < 0)
  }
  go((index) => index === start)
  return pathOf(model, graph.states.state(start), actions)
}

/** The shortest way within the component to a state that is wanted. */
function wayTo(components: Components, from: number, isThere: (index: number) => boolean): { end: number; actions: number[] } {
  const cameBy = new Map<number, { readonly before: number; readonly action: number }>([[from, { before: -1, action: -1 }]])
  for (const index of cameBy.keys()) {
    if (isThere(index)) return { end: index, actions: traced(cameBy, index) }
    for (const action of components.inside) {
      const next = components.next(index, action)
      if (next >= 0 && components.of[next] === components.of[from] && !cameBy.has(next))
        cameBy.set(next, { before: index, action })
    }
  }
  assert(false, 'every state of a component can be reached from every other')
}

function traced(cameBy: ReadonlyMap<number, { readonly before: number; readonly action: number }>, end: number): number[] {
  const actions: number[] = []
  for (let step = cameBy.get(end); step !== undefined && step.before >= 0; step = cameBy.get(step.before))
    actions.unshift(step.action)
  return actions
}
