import { breadthFirst } from '../breadth-first.ts'
import type { Budget } from '../budget.ts'
import { NO_DEADLOCK, type PathStep, type State, type Unfinished, type Verdict } from '../model.ts'
import { KernelModel, type KernelSpec } from './model.ts'
import { KERNEL_PROPERTIES } from './properties.ts'
import { type Fact, factsAt, type StoryStep, storyOf, undone } from './story.ts'

/** What is known of one property under one driver in one scenario. */
export interface KernelVerdict {
  readonly property: string
  readonly verdict: 'holds' | 'fails' | 'unfinished'
  /** States visited. */
  readonly states: number
  /** Why not all of them, where not. */
  readonly because?: Unfinished
  /** Of a property that is not decided: no run of at most so many steps breaks it. */
  readonly stepsSeen?: number
  /** What matters of the state that the shortest run which breaks it starts from, and that run. */
  readonly start?: readonly Fact[]
  readonly trace?: readonly StoryStep[]
  /** Where the run goes on for ever, its first step that comes again and again, counted from 0. */
  readonly repeatsFrom?: number
  /** Of a deadlock, who waits for what; of a run that goes on for ever, which steps come again. */
  readonly stuck?: readonly string[]
}

/** All that is asked of a kernel, by name: what it says, in one sentence. */
export const KERNEL_QUESTIONS: readonly { readonly name: string; readonly sentence: string }[] = [
  ...KERNEL_PROPERTIES.map(({ name, sentence }) => ({ name, sentence })),
  NO_DEADLOCK,
]

/** All properties of a driver in a scenario, in one exploration. */
export function checkKernel(spec: KernelSpec, budget: Budget = {}): KernelVerdict[] {
  const model = new KernelModel(spec)
  const { bytesMax = Number.POSITIVE_INFINITY, shouldStop = () => false } = budget
  const isFull = () => model.played.bytes >= bytesMax
  const { states, depth, verdicts } = breadthFirst(model, { ...budget, shouldStop: () => isFull() || shouldStop() })
  return verdicts.map((verdict): KernelVerdict => {
    const { property, kind } = verdict
    if (kind === 'fails') return { property, verdict: kind, states, ...told(model, verdict) }
    if (kind === 'holds') return { property, verdict: kind, states }
    const because = verdict.because === 'stopped' && isFull() ? 'bytes' : verdict.because
    return { property, verdict: kind, states, because, stepsSeen: Math.max(0, depth - 1) }
  })
}

/** A run that breaks a property, for people. */
function told(model: KernelModel, { property, path, loop }: Extract<Verdict, { kind: 'fails' }>): Partial<KernelVerdict> {
  const { start, steps } = path
  const whole = [...steps, ...(loop?.steps ?? [])]
  const run = { start: factsAt(model, start), trace: storyOf(model, { start, steps: whole }) }
  if (loop !== undefined) {
    const stuck = [`steps ${steps.length + 1} to ${whole.length} come again and again`]
    return { ...run, repeatsFrom: steps.length, stuck }
  }
  return property === NO_DEADLOCK.name ? { ...run, stuck: undone(model, steps.at(-1)?.state ?? start) } : run
}

/** A run that was played again. */
export interface KernelReplay {
  readonly start: readonly Fact[]
  readonly trace: readonly StoryStep[]
  /** Properties that do not hold where it ends. */
  readonly broken: readonly string[]
}

/**
 * Plays a run again from what a trace says of it.
 * @returns its story; `undefined`: one of its steps cannot be made
 */
export function replayKernel(spec: KernelSpec, actions: readonly number[]): KernelReplay | undefined {
  const model = new KernelModel(spec)
  const [start] = model.initial()
  const steps: PathStep[] = []
  let at = start
  for (const action of actions) {
    const state = new Int32Array(model.words)
    if (!(action >= 0 && action < model.actions && model.step(at, action, state))) return undefined
    steps.push({ action, label: model.label(at, action), state })
    at = state
  }
  const broken = model.properties.filter((property) => !property.holds(at)).map(({ name }) => name)
  const isStuck = !model.isEnd(at) && isQuiet(model, at)
  const story = storyOf(model, { start, steps })
  return { start: factsAt(model, start), trace: story, broken: isStuck ? [...broken, NO_DEADLOCK.name] : broken }
}

/** Nothing but outside events is enabled. */
function isQuiet(model: KernelModel, state: State): boolean {
  const to = new Int32Array(model.words)
  return !Array.from({ length: model.actions }, (_, action) => action).some(
    (action) => !model.isOutside(action) && model.step(state, action, to),
  )
}
