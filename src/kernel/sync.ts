import { assert, type Ns } from '../arch/index.ts'
import type { WordReader } from '../machine/index.ts'
import type { Routine } from './ops.ts'

/**
 * Sleeping locks: a mutex (exclusive only) or a reader/writer semaphore such as the hotplug lock. State only; a driver
 * parks and wakes its tasks by what `acquire` and `release` say. New readers wait behind a waiting writer [K].
 */
export class Lock {
  readonly name: string
  #writer: number | undefined
  #readers = 0
  readonly #waiting: { readonly task: number; readonly how: 'exclusive' | 'shared' }[] = []

  constructor(name: string) {
    this.name = name
  }

  get isHeld(): boolean {
    return this.#writer !== undefined || this.#readers > 0
  }

  /** @returns whether the task has the lock; if not, it waits in line */
  acquire(task: number, how: 'exclusive' | 'shared'): boolean {
    assert(this.#writer !== task, `${this.name} is not taken twice by one task`)
    if (this.#waiting.length === 0 && this.#grant(task, how)) return true
    this.#waiting.push({ task, how })
    return false
  }

  /** @returns the tasks that have the lock now */
  release(task: number, how: 'exclusive' | 'shared'): number[] {
    if (how === 'exclusive') {
      assert(this.#writer === task, `${this.name} is released by its owner`)
      this.#writer = undefined
    } else {
      assert(this.#readers > 0, `${this.name} has a reader`)
      this.#readers--
    }
    const woken: number[] = []
    while (this.#waiting.length > 0 && this.#grant(this.#waiting[0].task, this.#waiting[0].how)) {
      woken.push((this.#waiting.shift() as { task: number }).task)
    }
    return woken
  }

  /** Appends who has it and who waits, in line. */
  save(to: number[]): void {
    to.push(this.#writer ?? -1, this.#readers, this.#waiting.length)
    for (const { task, how } of this.#waiting) to.push(how === 'shared' ? -1 - task : task)
  }

  /** Takes on what `save` has written. */
  load(from: WordReader): void {
    const writer = from.next()
    this.#writer = writer < 0 ? undefined : writer
    this.#readers = from.next()
    this.#waiting.length = 0
    for (let left = from.next(); left > 0; left--) {
      const waiter = from.next()
      this.#waiting.push(waiter < 0 ? { task: -1 - waiter, how: 'shared' } : { task: waiter, how: 'exclusive' })
    }
  }

  #grant(task: number, how: 'exclusive' | 'shared'): boolean {
    if (this.#writer !== undefined || (how === 'exclusive' && this.#readers > 0)) return false
    if (how === 'exclusive') this.#writer = task
    else this.#readers++
    return true
  }
}

/** A kernel thread as far as sleeping and waking go. The driver keeps the task. */
export class KThread {
  readonly name: string
  readonly routine: () => Routine<void>
  /** Its state is TASK_INTERRUPTIBLE: `schedule` will not return before somebody wakes it [K]. */
  isSleeping = false
  /** The task that sleeps in `schedule`. */
  sleeper: number | undefined

  constructor(name: string, routine: () => Routine<void>) {
    this.name = name
    this.routine = routine
  }

  /** `schedule`. @returns whether the task sleeps now */
  sleeps(task: number): boolean {
    if (this.isSleeping) this.sleeper = task
    return this.isSleeping
  }

  /** `wake_up_process`. @returns the task that goes on now, if one slept */
  wake(): number | undefined {
    const { sleeper } = this
    this.isSleeping = false
    this.sleeper = undefined
    return sleeper
  }

  save(to: number[]): void {
    to.push(this.isSleeping ? 1 : 0, this.sleeper ?? -1)
  }

  /** Takes on what `save` has written. */
  load(from: WordReader): void {
    this.isSleeping = from.next() === 1
    const sleeper = from.next()
    this.sleeper = sleeper < 0 ? undefined : sleeper
  }
}

/**
 * A delayed work item. It never runs concurrently with itself; it is *pending* from being queued until a worker starts it,
 * and may be queued again while it runs [K]. The driver keeps the timer.
 */
export class DelayedWork {
  readonly name: string
  readonly routine: () => Routine<void>
  /** When the timer fires; `undefined`: no timer. */
  dueNs: Ns | undefined
  /** The timer has fired, no worker has started it yet. */
  isQueued = false
  isRunning = false
  /** Tasks that wait in `cancel_delayed_work_sync` for the running instance. */
  readonly waiters: number[] = []

  constructor(name: string, routine: () => Routine<void>) {
    this.name = name
    this.routine = routine
  }

  get isPending(): boolean {
    return this.dueNs !== undefined || this.isQueued
  }

  /** `queue_delayed_work` or `mod_delayed_work`. @returns whether the timer is (newly) set for `dueNs` */
  delay(dueNs: Ns, ifPending: 'keep' | 'restart'): boolean {
    if (this.waiters.length > 0) return false // somebody cancels it and waits: until then it cannot be queued [K]
    if (this.isPending && ifPending === 'keep') return false
    this.isQueued = false
    this.dueNs = dueNs
    return true
  }

  /** The timer fires. @returns whether a worker may start it now */
  fire(): boolean {
    this.dueNs = undefined
    this.isQueued = true
    return !this.isRunning
  }

  start(): void {
    assert(this.isQueued && !this.isRunning, `${this.name} does not run concurrently with itself`)
    this.isQueued = false
    this.isRunning = true
  }

  /** @returns whether it was queued again meanwhile, and may start at once */
  finish(): boolean {
    this.isRunning = false
    return this.isQueued
  }

  cancel(): void {
    this.dueNs = undefined
    this.isQueued = false
  }

  /** Appends its state without the time: whether a timer runs, not when it fires. */
  save(to: number[]): void {
    to.push((this.dueNs === undefined ? 0 : 1) | (this.isQueued ? 2 : 0) | (this.isRunning ? 4 : 0), this.waiters.length)
    to.push(...this.waiters)
  }

  /** Takes on what `save` has written: a timer that runs is due at 0. */
  load(from: WordReader): void {
    const bits = from.next()
    this.dueNs = bits & 1 ? 0 : undefined
    this.isQueued = (bits & 2) !== 0
    this.isRunning = (bits & 4) !== 0
    this.waiters.length = 0
    for (let left = from.next(); left > 0; left--) this.waiters.push(from.next())
  }
}
