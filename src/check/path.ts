import { assert } from '../arch/index.ts'
import type { Model, Path, PathStep, State } from './model.ts'

/**
 * The run that leads through a chain of states. Where the model has merged symmetric states the chain holds representatives:
 * the run is made of the states themselves, so that it can be replayed as it stands.
 */
export function pathThrough(model: Model, chain: readonly State[]): Path {
  const start = startOf(model, chain[0])
  const steps: PathStep[] = []
  let at = start
  for (const wanted of chain.slice(1)) {
    const step = stepTowards(model, at, wanted)
    steps.push(step)
    at = step.state
  }
  return { start, steps }
}

/** The state that a sequence of actions leads to from an initial state, with all on the way. */
export function pathOf(model: Model, start: State, actions: readonly number[]): Path {
  const steps: PathStep[] = []
  let at = start
  for (const action of actions) {
    const state = new Int32Array(model.words)
    assert(model.step(at, action, state), `action ${action} is enabled`)
    steps.push({ action, label: model.label(at, action), state })
    at = state
  }
  return { start, steps }
}

function startOf(model: Model, representative: State): State {
  const start = model.initial().find((state) => equal(canonical(model, state), representative))
  return start ?? representative // a path within a loop begins anywhere
}

function stepTowards(model: Model, from: State, wanted: State): PathStep {
  const to = new Int32Array(model.words)
  for (let action = 0; action < model.actions; action++) {
    if (model.step(from, action, to) && equal(canonical(model, to), wanted)) {
      return { action, label: model.label(from, action), state: to }
    }
  }
  throw new Error('assertion failed: the states of a chain follow each other')
}

function canonical(model: Model, state: State): State {
  const copy = state.slice()
  model.canonicalise?.(copy)
  return copy
}

function equal(a: State, b: State): boolean {
  return a.every((word, i) => word === b[i])
}
