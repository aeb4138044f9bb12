import { assert } from '../arch/index.ts'
import type { Exploration } from './breadth-first.ts'
import { type Budget, LOOK_EVERY, type Progress, usedUp } from './budget.ts'
import { type Model, NO_DEADLOCK, type Unfinished } from './model.ts'
import { pathThrough } from './path.ts'
import { StateSet } from './state-set.ts'
import { unfailed, Watch } from './watch.ts'

/**
 * Goes as deep as it can first: keeps no parents, and is soon where things have gone far. For models that are too large for
 * `breadthFirst` and may fail deep down; counterexamples are not the shortest. Knows no liveness.
 */
export function depthFirst(model: Model, budget: Budget = {}): Exploration {
  assert(!model.properties.some(({ kind }) => kind === 'eventually'), 'liveness is judged breadth first')
  const watch = new Watch<readonly number[]>(model)
  const dive = new Dive(model, watch)
  const because = dive.run(budget)
  const verdicts = [...model.properties, NO_DEADLOCK].map(({ name }) => {
    const chain = watch.failed.get(name)
    if (chain === undefined) return unfailed(name, dive.progress.states, because)
    const path = pathThrough(
      model,
      chain.map((index) => dive.states.state(index)),
    )
    return { property: name, kind: 'fails' as const, path }
  })
  return { ...dive.progress, verdicts, because }
}

class Dive {
  readonly #model: Model
  readonly #watch: Watch<readonly number[]>
  readonly states: StateSet
  /** States on the way down to where it is. */
  readonly #stack: number[] = []
  /** Of each the action to try next. */
  readonly #next: number[] = []
  /** Of each whether some action is enabled, besides outside events and among these. */
  readonly #hasStep: { inside: boolean; outside: boolean }[] = []
  #steps = 0
  #depth = 0

  constructor(model: Model, watch: Watch<readonly number[]>) {
    this.#model = model
    this.#watch = watch
    this.states = new StateSet(model.words)
  }

  get progress(): Progress {
    return {
      states: this.states.count,
      steps: this.#steps,
      depth: this.#depth,
      bytes: this.states.bytes + 16 * this.#stack.length,
    }
  }

  run(budget: Budget): Unfinished | undefined {
    const to = new Int32Array(this.#model.words)
    for (const state of this.#model.initial()) {
      to.set(state)
      if (!this.#enter(to)) continue
      const because = this.#descend(budget)
      if (because !== undefined) return because
    }
    return undefined
  }

  #descend(budget: Budget): Unfinished | undefined {
    const model = this.#model
    const [from, to] = [new Int32Array(model.words), new Int32Array(model.words)]
    let looked = this.states.count
    while (this.#stack.length > 0) {
      if (this.states.count - looked >= LOOK_EVERY) {
        looked = this.states.count
        const because = this.#watch.isOver ? 'all failed' : usedUp(budget, this.progress)
        if (because !== undefined) return because
      }
      const top = this.#stack.length - 1
      const action = this.#next[top]++
      this.states.read(this.#stack[top], from)
      if (action === model.actions) this.#leave(from)
      else if (model.step(from, action, to)) {
        this.#steps++
        this.#hasStep[top][model.isOutside?.(action) ? 'outside' : 'inside'] = true
        this.#enter(to)
      }
    }
    return undefined
  }

  /** All actions of the state on top of the stack were tried. */
  #leave(state: Int32Array): void {
    const { inside, outside } = this.#hasStep[this.#stack.length - 1]
    if (!inside) this.#watch.quiet(state, !outside, () => [...this.#stack])
    this.#stack.pop()
    this.#next.pop()
    this.#hasStep.pop()
  }

  /** @returns whether the state is new: then it is on top of the stack */
  #enter(state: Int32Array): boolean {
    this.#model.canonicalise?.(state)
    const index = this.states.add(state)
    if (index < 0) return false
    this.#stack.push(index)
    this.#next.push(0)
    this.#hasStep.push({ inside: false, outside: false })
    this.#depth = Math.max(this.#depth, this.#stack.length - 1)
    this.#watch.visit(state, () => [...this.#stack])
    return true
  }
}
