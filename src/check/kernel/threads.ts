import type { Op } from '../../kernel/index.ts'
import { Interner } from '../interner.ts'
import type { RoutineState } from './routines.ts'

/** How far a thread is with the operation that its routine asks for. */
export type Phase =
  /** It has not been begun. */
  | 'ready'
  /** A worker has taken the work item, and has not called its function. */
  | 'started'
  /** It stands in line. */
  | 'waits'
  /** Its instruction, or handlers of its IPI, are under way. */
  | 'executes'

const PHASES: readonly Phase[] = ['ready', 'started', 'waits', 'executes']

/** The local state of a thread. */
export interface ThreadState {
  readonly routine: RoutineState
  readonly phase: Phase
  /** CPUs whose handlers have not run, have answered CF = 1, have faulted; one bit each. Of a run: how many pages are left, and updated. */
  readonly remaining: number
  readonly carry: number
  readonly faulted: number
  /** By CPU, where the instruction that it executes there is. */
  readonly executing: readonly (RoutineState | undefined)[]
  /** Bit of each property that the last step broke. */
  readonly broken: number
}

/** All local states of threads that were reached, each once, numbered as they come. */
export class ThreadStates {
  readonly #numbers = new Interner()
  readonly #states: ThreadState[] = []

  intern(state: ThreadState): number {
    const { routine, phase, remaining, carry, faulted, executing, broken } = state
    const at = executing.map((instruction) => instruction?.number ?? -1)
    const number = this.#numbers.intern([routine.number, PHASES.indexOf(phase), remaining, carry, faulted, broken, ...at])
    if (number === this.#states.length) this.#states.push(state)
    return number
  }

  at(number: number): ThreadState {
    return this.#states[number]
  }

  get count(): number {
    return this.#states.length
  }

  get bytes(): number {
    return this.#numbers.bytes + this.#states.length * BYTES_OF_STATE
  }
}

/** About what the object of a state costs. */
const BYTES_OF_STATE = 400

export function ready(routine: RoutineState, broken = 0): ThreadState {
  return { routine, phase: 'ready', remaining: 0, carry: 0, faulted: 0, executing: [], broken }
}

/** Nothing will come of this thread unless the outside, a timer or somebody who wakes it lets it go on. */
export function isAtRest({ routine, phase }: ThreadState): boolean {
  const { op, isDone } = routine
  return (
    isDone || (op === undefined && phase === 'ready') || op?.op === 'sleep-until' || (op?.op === 'schedule' && phase === 'waits')
  )
}

/** Operations that change nothing and whose answer depends on nothing that another thread may change. */
export function isPrivate(op: Op, isPinned: boolean): boolean {
  return op.op === 'play' || op.op === 'cpu-time' || op.op === 'cond-resched' || (op.op === 'smp-processor-id' && isPinned)
}
