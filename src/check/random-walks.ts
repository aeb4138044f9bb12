import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Exploration } from './breadth-first.ts'
import { type Budget, type Progress, usedUp } from './budget.ts'
import { type Model, NO_DEADLOCK, type State, type Unfinished } from './model.ts'
import { pathOf } from './path.ts'
import { unfailed, Watch } from './watch.ts'

export interface WalkOptions extends Budget {
  readonly walks: number
  /** Steps after which a walk is given up. Default: 10 000. */
  readonly stepsMax?: number
  /** A whole number of 32 bits: equal seeds, equal walks. */
  readonly seed: number
}

/**
 * Plays runs by chance: for models that are too large for anything else. Keeps nothing but the run it is on, so `states` counts
 * visits; what does not fail is `unfinished`, however many walks there were. Knows no liveness.
 */
export function randomWalks(model: Model, options: WalkOptions): Exploration {
  const watch = new Watch<readonly number[]>(model)
  const chance = xoroshiro128plus(options.seed)
  const pick = (count: number) => Math.floor(((chance.next() >>> 0) / 2 ** 32) * count)
  const progress = { states: 0, steps: 0, depth: 0, bytes: 0 }
  let because: Unfinished = 'samples'
  for (let walk = 0; walk < options.walks; walk++) {
    const reason = watch.isOver ? 'all failed' : usedUp(options, progress)
    if (reason !== undefined) {
      because = reason
      break
    }
    oneWalk(model, watch, pick, options.stepsMax ?? 10_000, progress)
  }
  const verdicts = [...model.properties, NO_DEADLOCK].map(({ name }) => {
    const run = watch.failed.get(name)
    if (run === undefined) return unfailed(name, progress.states, because)
    return { property: name, kind: 'fails' as const, path: pathOf(model, model.initial()[run[0]], run.slice(1)) }
  })
  return { ...progress, verdicts, because }
}

/** A run as the number of its initial state and then the actions. */
function oneWalk(
  model: Model,
  watch: Watch<readonly number[]>,
  pick: (count: number) => number,
  stepsMax: number,
  progress: { -readonly [Field in keyof Progress]: number },
): void {
  const initial = model.initial()
  const run = [pick(initial.length)]
  const at: State = initial[run[0]].slice()
  const to = new Int32Array(model.words)
  const enabled: number[] = []
  const isOn = () => [...run]
  watch.visit(at, isOn)
  for (progress.states++; run.length <= stepsMax; progress.states++) {
    enabled.length = 0
    for (let action = 0; action < model.actions; action++) if (model.step(at, action, to)) enabled.push(action)
    if (enabled.every((action) => model.isOutside?.(action))) watch.quiet(at, enabled.length === 0, isOn)
    if (enabled.length === 0) break
    const action = enabled[pick(enabled.length)]
    model.step(at, action, to)
    at.set(to)
    run.push(action)
    progress.steps++
    progress.depth = Math.max(progress.depth, run.length - 1)
    watch.visit(at, isOn)
  }
}
