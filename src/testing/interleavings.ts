/**
 * Every interleaving of a few threads, by replay: the world is built anew for each schedule, so that threads may be generators
 * and worlds anything at all.
 */
import { assert } from '../arch/index.ts'

/** A world, and the threads that act in it. Each `next()` of a thread is one atomic step. */
export interface World<State, Answer> {
  readonly state: State
  readonly threads: readonly Iterator<string, Answer, void>[]
}

/** One atomic step that was made. */
export interface Step {
  readonly thread: number
  /** What the thread had said it would do, when it last yielded; of its first step `begin`. */
  readonly action: string
}

/** A schedule that is being played, or was. */
export interface Play<State, Answer> {
  readonly state: State
  readonly steps: readonly Step[]
  /** What the threads that have ended returned, by thread; `undefined` for the others. */
  readonly answers: readonly (Answer | undefined)[]
}

export interface Interleavings<State, Answer> {
  /** Called after every step. */
  readonly onStep?: (play: Play<State, Answer>) => void
  /** Called when all threads have ended. */
  readonly onEnd?: (play: Play<State, Answer>) => void
  /** More schedules than this are too many: asserted. */
  readonly limit?: number
}

/** Plays every interleaving, depth first, threads with lower numbers first. @returns how many there are */
export function interleavings<State, Answer>(
  build: () => World<State, Answer>,
  { onStep, onEnd, limit = 200_000 }: Interleavings<State, Answer>,
): number {
  let schedules = 0
  let prefix: readonly number[] | undefined = []
  while (prefix !== undefined) {
    assert(schedules++ < limit, `there are at most ${limit} schedules`)
    prefix = playOne(build(), prefix, onStep, onEnd)
  }
  return schedules
}

/** Plays the schedule that begins with `prefix` and goes on with the lowest thread alive. @returns the next prefix */
function playOne<State, Answer>(
  { state, threads }: World<State, Answer>,
  prefix: readonly number[],
  onStep: Interleavings<State, Answer>['onStep'],
  onEnd: Interleavings<State, Answer>['onEnd'],
): number[] | undefined {
  const steps: Step[] = []
  const answers: (Answer | undefined)[] = threads.map(() => undefined)
  const announced = threads.map(() => 'begin')
  const play: Play<State, Answer> = { state, steps, answers }
  const alive = new Set(threads.keys())
  let next: number[] | undefined
  while (alive.size > 0) {
    const thread = prefix[steps.length] ?? Math.min(...alive)
    const later = [...alive].filter((other) => other > thread)
    if (later.length > 0) next = [...steps.map((step) => step.thread), Math.min(...later)]
    const result = threads[thread].next()
    steps.push({ thread, action: announced[thread] })
    if (result.done) {
      answers[thread] = result.value
      alive.delete(thread)
    } else announced[thread] = result.value
    onStep?.(play)
  }
  onEnd?.(play)
  return next
}

/** Position of the step in which a thread did something, or -1. */
export function positionOf(steps: readonly Step[], thread: number, action: string): number {
  return steps.findLastIndex((step) => step.thread === thread && step.action === action)
}

/** The first schedule in which `wrong` says something is wrong, and what; `undefined` when there is none. */
export function findViolation<State, Answer>(
  build: () => World<State, Answer>,
  wrong: (play: Play<State, Answer>) => string | undefined,
): string | undefined {
  let found: string | undefined
  interleavings(build, {
    onStep: (play) => {
      const why = wrong(play)
      if (why !== undefined) found ??= `${why} after ${play.steps.map(({ thread, action }) => `${thread}:${action}`).join(', ')}`
    },
  })
  return found
}
