import { type Budget, LOOK_EVERY, type Progress, usedUp } from './budget.ts'
import { type Graph, pathTo } from './graph.ts'
import { lasting } from './liveness.ts'
import { type Model, NO_DEADLOCK, type Property, type Unfinished, type Verdict } from './model.ts'
import { grown, StateSet } from './state-set.ts'
import { unfailed, Watch } from './watch.ts'

/** What an exploration has found. */
export interface Exploration extends Progress {
  /** One for each property of the model, in its order, and one for the absence of deadlocks. */
  readonly verdicts: readonly Verdict[]
  /** Why not everything was visited; `undefined`: everything was. */
  readonly because: Unfinished | undefined
}

/** Visits states in the order of their distance from the initial ones: counterexamples are as short as can be. */
export function breadthFirst(model: Model, budget: Budget = {}): Exploration & { readonly graph: Graph } {
  const watch = new Watch<number>(model)
  const walk = new Walk(model, watch)
  const because = walk.run(budget)
  const { graph, progress } = walk
  const isOpen = ({ kind, name }: Property) => kind === 'eventually' && !watch.failed.has(name)
  const open = because === undefined && (model.mayLoop?.() ?? true) ? model.properties.filter(isOpen) : []
  const lasts = new Map((open.length === 0 ? [] : lasting(model, graph, open)).map((verdict) => [verdict.property, verdict]))
  const verdicts = [...model.properties, NO_DEADLOCK].map(({ name }): Verdict => {
    const at = watch.failed.get(name)
    if (at !== undefined) return { property: name, kind: 'fails', path: pathTo(model, graph, at) }
    return lasts.get(name) ?? unfailed(name, progress.states, because)
  })
  return { ...progress, verdicts, because, graph }
}

class Walk {
  readonly #model: Model
  readonly #watch: Watch<number>
  readonly #states: StateSet
  #parents = new Int32Array(1024)
  #steps = 0
  #depth = 0

  constructor(model: Model, watch: Watch<number>) {
    this.#model = model
    this.#watch = watch
    this.#states = new StateSet(model.words)
  }

  get graph(): Graph {
    return { states: this.#states, parents: this.#parents.subarray(0, this.#states.count) }
  }

  get progress(): Progress {
    const bytes = this.#states.bytes + this.#parents.byteLength
    return { states: this.#states.count, steps: this.#steps, depth: this.#depth, bytes }
  }

  run(budget: Budget): Unfinished | undefined {
    const model = this.#model
    const states = this.#states
    const from = new Int32Array(model.words)
    const to = new Int32Array(model.words)
    for (const state of model.initial()) {
      to.set(state)
      this.#reach(to, -1)
    }
    let level = states.count
    for (let index = 0; index < states.count; index++) {
      if (index === level) {
        this.#depth++
        level = states.count
      }
      if ((index & (LOOK_EVERY - 1)) === LOOK_EVERY - 1) {
        const because = this.#watch.isOver ? 'all failed' : usedUp(budget, this.progress)
        if (because !== undefined) return because
      }
      states.read(index, from)
      let enabled = 0
      let outside = 0
      for (let action = 0; action < model.actions; action++) {
        if (!model.step(from, action, to)) continue
        enabled++
        if (model.isOutside?.(action)) outside++
        this.#reach(to, index)
      }
      this.#steps += enabled
      if (enabled === outside) this.#watch.quiet(from, enabled === 0, () => index)
    }
    return undefined
  }

  #reach(state: Int32Array, parent: number): void {
    this.#model.canonicalise?.(state)
    const index = this.#states.add(state)
    if (index < 0) return
    if (index >= this.#parents.length) this.#parents = grown(this.#parents)
    this.#parents[index] = parent
    this.#watch.visit(state, () => index)
  }
}
