import type { CpuId } from '../../arch/index.ts'
import type { RoutineState } from './routines.ts'
import { isOnCpu, type Stepped, type Stepper } from './stepper.ts'
import { ready, type ThreadState } from './threads.ts'
import type { KernelWorld } from './world.ts'

/** Somebody who runs routines: an event from outside, the worker of the delayed work item, or the kernel thread. */
export interface Thread {
  readonly name: string
  readonly kind: 'event' | 'worker' | 'thread'
  readonly start: RoutineState
}

/** Begins threads and ends them: events when the outside lets them, the worker when a timer fires, the kernel thread when it is run. */
export class Scheduler {
  readonly #world: KernelWorld
  readonly #stepper: Stepper
  readonly #threads: readonly Thread[]

  constructor(world: KernelWorld, stepper: Stepper, threads: readonly Thread[]) {
    this.#world = world
    this.#stepper = stepper
    this.#threads = threads
  }

  /** Whether a step may be possible there in some world: a look at the thread alone. */
  mayStep(thread: number, cpu: CpuId | -1, state: ThreadState): boolean {
    const { routine, phase } = state
    if (routine.isDone || isForOutside(state, this.#threads[thread].kind) !== cpu < 0) return false
    return cpu <= 0 || (phase !== 'waits' && routine.op !== undefined && isOnCpu(routine.op))
  }

  /**
   * A step of a thread. `undefined`: it cannot be made now; the world may have changed even then.
   * @param cpu where the thread is; -1: the outside lets it begin, or go on after a pause
   */
  step(thread: number, cpu: CpuId | -1, state: ThreadState): Stepped | undefined {
    const { kind } = this.#threads[thread]
    const stepped = this.#stepped(thread, Math.max(0, cpu), state)
    if (stepped === undefined || kind !== 'worker' || !stepped.thread.routine.isDone) return stepped
    return { ...stepped, thread: this.#finished(thread) }
  }

  #stepped(thread: number, cpu: CpuId, state: ThreadState): Stepped | undefined {
    const { kind, start } = this.#threads[thread]
    if (state.routine.op !== undefined || state.phase === 'started' || kind === 'event')
      return this.#stepper.step(thread, cpu, state, start)
    if (cpu !== 0) return undefined
    if (kind === 'worker') return this.#taken(state)
    const { threadIsWanted } = this.#world
    this.#world.threadIsWanted = false
    return threadIsWanted ? this.#stepper.step(thread, cpu, state, start) : undefined
  }

  /** The timer has fired, whenever it was set, and a worker takes the item. */
  #taken(state: ThreadState): Stepped | undefined {
    const { work } = this.#world.kernel.rmpopt
    if (!work.isPending || work.isRunning) return undefined
    work.fire()
    work.start()
    return { thread: { ...state, phase: 'started', broken: 0 }, fault: '' }
  }

  /** The worker has finished, and can be started again. */
  #finished(thread: number): ThreadState {
    const { work } = this.#world.kernel.rmpopt
    work.finish()
    for (const waiter of work.waiters.splice(0)) this.#world.tasks[waiter].isWoken = true
    return ready(this.#threads[thread].start)
  }
}

/** It is for the outside to let the thread go on. */
function isForOutside({ routine, phase }: ThreadState, kind: Thread['kind']): boolean {
  if (routine.isDone || phase !== 'ready') return false
  return routine.op === undefined ? kind === 'event' : routine.op.op === 'sleep-until'
}
