/**
 * The simplest driver of the kernel's routines: nothing takes time, one thread makes one step, and the test says which. Written
 * from the reference (§7, kernel mechanisms) alone, so that it is a second opinion on what the clock does.
 */
import { assert, type CpuId, type Ns } from '../arch/index.ts'
import type { DelayedWork, Kernel, Op, Routine } from '../kernel/index.ts'
import { has, members } from '../machine/index.ts'
import { actOut, type Instead } from './actions.ts'

/** A routine on its way. */
export interface Thread<T = unknown> {
  readonly id: number
  readonly routine: Routine<T>
  readonly work: DelayedWork | undefined
  cpu: CpuId
  /** Depth of `migrate_disable`. */
  pinned: number
  state: 'ready' | 'waiting' | 'ended'
  /** What it does in its next step, or waits in; `undefined` before its first step and when it was woken. */
  next: Op | undefined
  result?: T
}

const WAITS = Symbol('the thread waits')

export class Drive {
  nowNs: Ns = 0
  readonly kernel: Kernel
  readonly threads: Thread[] = []
  /** All operations that were begun, in order. */
  readonly trace: { readonly op: Op; readonly thread: Thread }[] = []
  /** Where the next worker is put. */
  workerCpu: CpuId = 0
  instead: Instead = () => undefined
  readonly #works = new Set<DelayedWork>()

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  spawn<T>(routine: Routine<T>, cpu: CpuId = 0, work?: DelayedWork): Thread<T> {
    const thread: Thread<T> = { id: this.threads.length, routine, work, cpu, pinned: 0, state: 'ready', next: undefined }
    this.threads.push(thread)
    return thread
  }

  /** Runs a routine to its end while nobody else does anything. */
  call<T>(routine: Routine<T>, cpu: CpuId = 0): T {
    const thread = this.spawn(routine, cpu)
    this.until(thread, () => false)
    return thread.result as T
  }

  /** Steps a thread until it is about to do what the test names, or ends. */
  until(thread: Thread, isIt: (op: Op) => boolean): void {
    while (thread.state !== 'ended' && !(thread.next && isIt(thread.next))) this.step(thread)
  }

  /** Steps whom `pick` names, by default the oldest, until nobody can go on. */
  run(pick: (ready: readonly Thread[]) => Thread = ([oldest]) => oldest): void {
    for (;;) {
      const ready = this.threads.filter(({ state }) => state === 'ready')
      if (ready.length === 0) return
      this.step(pick(ready))
    }
  }

  /** Lets time pass: timers fire and sleepers wake in order of time, and each time everybody runs as far as they can. */
  advance(untilNs: Ns): void {
    for (this.run(); ; this.run()) {
      const sleepers = this.#waiting.flatMap(({ thread, next }) => (next.op === 'sleep-until' ? { thread, atNs: next.atNs } : []))
      const due = [...this.#works].flatMap((work) => (work.dueNs === undefined ? [] : { work, atNs: work.dueNs }))
      const nextNs = Math.min(...[...sleepers, ...due].map(({ atNs }) => atNs))
      this.nowNs = Math.min(nextNs, untilNs)
      if (nextNs > untilNs) return
      for (const { work, atNs } of due) if (atNs === nextNs && work.fire()) this.#startWork(work)
      for (const { thread, atNs } of sleepers) if (atNs === nextNs) this.#wake(thread)
    }
  }

  /** The thread's next operation, and what its routine does up to the one after. */
  step(thread: Thread): void {
    assert(thread.state === 'ready', `thread ${thread.id} can go on, not ${thread.state} in ${thread.next?.op}`)
    const { online } = this.kernel // nobody stays on a CPU that went offline: who was pinned has kept it from going
    if (!has(online, thread.cpu)) thread.cpu = members(online).next().value as CpuId
    const op = thread.next
    if (op) this.trace.push({ op, thread })
    const answer = op && this.#carryOut(thread, op)
    if (answer === WAITS) thread.state = 'waiting'
    else this.#goOn(thread, answer)
  }

  #goOn(thread: Thread, answer: unknown): void {
    const { done, value } = thread.routine.next(answer)
    thread.next = done ? undefined : value
    if (!done) return
    Object.assign(thread, { state: 'ended', result: value })
    const again = thread.work?.finish()
    for (const id of thread.work?.waiters.splice(0) ?? []) this.#wake(this.threads[id])
    if (again) this.#startWork(thread.work as DelayedWork)
  }

  #wake(thread: Thread): void {
    Object.assign(thread, { state: 'ready', next: undefined })
  }

  #startWork(work: DelayedWork): void {
    work.start()
    this.spawn(work.routine(), this.workerCpu, work)
  }

  get #waiting(): { thread: Thread; next: Op }[] {
    return this.threads.filter(({ state }) => state === 'waiting').map((thread) => ({ thread, next: thread.next as Op }))
  }

  #isPinnedTo(cpu: CpuId): boolean {
    return this.threads.some((thread) => thread.cpu === cpu && thread.pinned > 0)
  }

  #carryOut(thread: Thread, op: Op): unknown {
    switch (op.op) {
      case 'move-to-cpu':
        thread.cpu = op.cpu
        return
      case 'migrate-disable':
        return void thread.pinned++
      case 'migrate-enable':
        thread.pinned--
        for (const { next, thread: waiter } of this.#waiting) {
          if (next.op === 'wait-unpinned' && !this.#isPinnedTo(next.cpu)) this.#wake(waiter)
        }
        return
      case 'wait-unpinned':
        return this.#isPinnedTo(op.cpu) ? WAITS : undefined
      case 'lock':
        return op.lock.acquire(thread.id, op.how) ? undefined : WAITS
      case 'unlock':
        for (const id of op.lock.release(thread.id, op.how)) this.#wake(this.threads[id])
        return
      case 'delay-work':
        this.#works.add(op.work)
        return void op.work.delay(this.nowNs + op.delayNs, op.ifPending)
      case 'cancel-work-sync':
        op.work.cancel()
        if (!op.work.isRunning) return
        op.work.waiters.push(thread.id)
        return WAITS
      case 'kthread-run':
        this.spawn(op.thread.routine(), this.workerCpu)
        return
      case 'set-sleeping':
        op.thread.isSleeping = true
        return
      case 'schedule':
        return op.thread.sleeps(thread.id) ? WAITS : undefined
      case 'wake-up-process': {
        const sleeper = op.thread.wake()
        if (sleeper !== undefined) this.#wake(this.threads[sleeper])
        return
      }
      case 'sleep-until':
        return op.atNs > this.nowNs ? WAITS : undefined
      default:
        return actOut(this.kernel, thread.cpu, op, this.instead)
    }
  }
}
