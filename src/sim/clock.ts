import { assert, type CpuId, type Ns } from '../arch/index.ts'
import type { DelayedWork, Kernel, Op, Routine } from '../kernel/index.ts'
import { has, type IndexSet } from '../machine/index.ts'
import { Agenda } from './agenda.ts'
import type { RmpoptLedger } from './busy-ledger.ts'
import type { Costs } from './costs.ts'
import { carryOut } from './operations.ts'
import { playerOf } from './players.ts'
import { Scannable } from './rmpopt-timed.ts'
import { ScanCost } from './scan-cost.ts'
import { Tally } from './tally.ts'
import type { Playing, Task } from './task.ts'

export interface ClockOptions {
  readonly costs: Costs
  /** Play loops without their generators where that gives the same. Off: the slow, clear way, for tests. */
  readonly players?: boolean
  /** Takes down how long RMPOPT keeps each CPU busy. */
  readonly ledger?: RmpoptLedger
}

/**
 * Drives the routines of one host through simulated time: each operation takes nanoseconds from the cost table and takes
 * effect at its end, timers fire, interrupts delay what they interrupt.
 *
 * CPUs are served first come, first served, operation by operation; a worker or thread is put on the next CPU in turn.
 */
export class Clock {
  readonly kernel: Kernel
  readonly costs: Costs
  readonly scanCost: ScanCost
  readonly scannable: Scannable
  readonly tally: Tally
  /** May be put in place as long as nothing has run. */
  ledger: RmpoptLedger | undefined
  nowNs: Ns = 0
  readonly #agenda = new Agenda()
  readonly #usesPlayers: boolean
  readonly #tasks = new Map<number, Task>()
  /** Tasks with an operation on a CPU in flight: the ones that an interrupt delays. */
  readonly #onCpu = new Set<Task>()
  readonly #cpuFreeNs: Float64Array
  /** Used within `interrupt`. */
  readonly #interruptedNs = new Map<CpuId, Ns>()
  readonly #unpinnedWaiters: { readonly cpu: CpuId; readonly task: Task }[] = []
  /** Who has the word. */
  #current: Task | undefined
  #nextTask = 0
  #nextCpu = 0

  constructor(kernel: Kernel, { costs, players = true, ledger }: ClockOptions) {
    this.kernel = kernel
    this.costs = costs
    this.scanCost = new ScanCost(kernel.machine, costs)
    this.scannable = new Scannable(kernel.machine)
    this.tally = new Tally()
    this.ledger = ledger
    this.#usesPlayers = players
    this.#cpuFreeNs = new Float64Array(kernel.machine.topology.cpus)
  }

  /** Starts a routine on a CPU, by default the next one in turn; it may stand for several that do the same, one after the other. */
  spawn(routine: Routine<unknown>, cpu: CpuId = this.#pickCpu(), work?: DelayedWork, times = 1): Task {
    const task: Task = {
      times,
      pass: undefined,
      stretchNs: 0,
      kind: 'task',
      atNs: 0,
      order: 0,
      id: this.#nextTask++,
      routine,
      cpu,
      complete: undefined,
      begin: undefined,
      stolenNs: 0,
      pinned: 0,
      work,
      player: undefined,
    }
    this.#tasks.set(task.id, task)
    this.#agenda.put(this.nowNs, task)
    return task
  }

  /** Something happens at `atNs`, which is not over. */
  at(atNs: Ns, fire: () => void): void {
    this.#agenda.put(atNs, { kind: 'timer', fire, atNs, order: 0 })
  }

  /** Lets everything happen that is due up to and including `untilNs`. Afterwards it is `untilNs`. */
  run(untilNs: Ns): void {
    for (let what = this.#agenda.take(untilNs); what !== undefined; what = this.#agenda.take(untilNs)) {
      assert(what.atNs >= this.nowNs, 'time goes forward')
      this.nowNs = what.atNs
      if (what.kind === 'timer') what.fire()
      else this.#goOn(what, untilNs)
    }
    this.nowNs = Math.max(this.nowNs, Math.min(untilNs, Number.MAX_VALUE))
  }

  /** The routine that runs begins, or ends, a pass. */
  passBegins(): void {
    if (this.#current !== undefined) this.tally.passBegins(this.#current, this.nowNs)
  }

  passEnds(): void {
    if (this.#current !== undefined) this.tally.passEnds(this.#current, this.nowNs)
  }

  /** When the next thing happens; infinity: nothing will. */
  get nextNs(): Ns {
    return this.#agenda.nextNs
  }

  /** The task is busy on its CPU for `ns`; then `complete` says the answer. */
  busy(task: Task, ns: Ns, complete: () => unknown): void {
    task.complete = complete
    this.#onCpu.add(task)
    this.#occupy(task, ns)
  }

  /** The task that what happens now comes from, unless it is a timer. */
  get current(): Task | undefined {
    return this.#current
  }

  /** When the CPU is done with all it was given. */
  freeNs(cpu: CpuId): Ns {
    return this.#cpuFreeNs[cpu]
  }

  /** Whether nobody else is being served on the CPU, or waits there. */
  isFree(cpu: CpuId): boolean {
    return this.#cpuFreeNs[cpu] <= this.nowNs
  }

  /** The task waits until its CPU is free; then `begin` begins. */
  whenFree(task: Task, begin: () => void): void {
    task.begin = begin
    this.#agenda.putSoon(this.#cpuFreeNs[task.cpu], task)
  }

  #occupy(task: Task, ns: Ns): void {
    const end = Math.max(this.nowNs, this.#cpuFreeNs[task.cpu]) + ns
    this.#cpuFreeNs[task.cpu] = end
    task.stolenNs = 0
    this.#agenda.putSoon(end, task)
  }

  /** The task sleeps until `atNs`; then `complete` says the answer. */
  asleep(task: Task, atNs: Ns, complete: () => unknown): void {
    task.complete = complete
    this.#agenda.put(Math.max(atNs, this.nowNs), task)
  }

  /** A task that waited goes on now. */
  wake(taskId: number): void {
    const task = this.#tasks.get(taskId) as Task
    this.#agenda.put(this.nowNs, task)
  }

  /** A handler runs on each CPU of the mask: what is in flight there takes longer by it. */
  interrupt(mask: IndexSet, except: Task, handlerNs: (cpu: CpuId) => Ns): void {
    if (this.#onCpu.size === (this.#onCpu.has(except) ? 1 : 0)) return // mostly: nobody but the sender
    const lost = this.#interruptedNs
    for (const task of this.#onCpu) {
      if (task === except || !has(mask, task.cpu)) continue
      const ns = handlerNs(task.cpu)
      task.stolenNs += ns
      lost.set(task.cpu, ns) // once, however many tasks share the CPU
    }
    if (lost.size === 0) return
    for (const [cpu, ns] of lost) this.#cpuFreeNs[cpu] += ns
    lost.clear()
  }

  /** Arms a work item's timer. */
  delayWork(work: DelayedWork, delayNs: Ns, ifPending: 'keep' | 'restart'): void {
    const dueNs = this.nowNs + delayNs
    if (!work.delay(dueNs, ifPending)) return
    const fire = () => {
      if (work.dueNs === dueNs && work.fire()) this.#startWork(work)
    }
    this.at(dueNs, fire)
  }

  waitUnpinned(task: Task, cpu: CpuId): boolean {
    if (!this.#isPinned(cpu)) return false
    this.#unpinnedWaiters.push({ cpu, task })
    return true
  }

  #isPinned(cpu: CpuId): boolean {
    for (const task of this.#tasks.values()) if (task.cpu === cpu && task.pinned > 0) return true
    return false
  }

  unpinned(cpu: CpuId): void {
    if (this.#isPinned(cpu)) return
    for (let i = this.#unpinnedWaiters.length - 1; i >= 0; i--) {
      const waiter = this.#unpinnedWaiters[i]
      if (waiter.cpu === cpu) {
        this.#unpinnedWaiters.splice(i, 1)
        this.wake(waiter.task.id)
      }
    }
  }

  #startWork(work: DelayedWork): void {
    work.start()
    this.tally.timers++
    this.spawn(work.routine(), undefined, work)
  }

  #pickCpu(): CpuId {
    const { online, machine } = this.kernel
    do this.#nextCpu = (this.#nextCpu + 1) % machine.topology.cpus
    while (!has(online, this.#nextCpu))
    return this.#nextCpu
  }

  #goOn(task: Task, untilNs: Ns): void {
    this.#current = task
    if (task.begin !== undefined) {
      const { begin } = task
      task.begin = undefined
      begin()
      return
    }
    if (task.stolenNs > 0) {
      const later = this.nowNs + task.stolenNs
      task.stolenNs = 0
      this.#agenda.put(later, task)
      return
    }
    if (task.player !== undefined && !this.#playOn(task, untilNs)) return
    this.#onCpu.delete(task)
    const complete = task.complete
    task.complete = undefined
    this.#resume(task, complete?.())
  }

  /** Gives the routine its answer and carries out what it asks for, until something takes time. */
  #resume(task: Task, answer: unknown): void {
    if (!has(this.kernel.online, task.cpu)) task.cpu = this.#pickCpu() // its own went offline
    for (;;) {
      const step = task.routine.next(answer)
      if (step.done) {
        this.#finish(task)
        return
      }
      const op: Op = step.value
      if (op.op === 'play') {
        if (this.#usesPlayers && this.#play(task, op)) return
        answer = op.next
        continue
      }
      const done = carryOut(this, task, op)
      if (done === undefined) return
      answer = done.answer
    }
  }

  #play(task: Task, op: Extract<Op, { op: 'play' }>): boolean {
    const player = playerOf(this, task, op.loop)
    const ns = player.begin(op.next, op.end)
    if (ns < 0) return false
    task.player = { player, next: op.next, end: op.end }
    this.busy(task, ns, () => undefined)
    return true
  }

  /**
   * The step in play is over: finishes it and begins the next, for as long as nothing else happens before that is over.
   * @returns whether the routine is to go on: the loop is done, or the next step is its own to play
   */
  #playOn(task: Task, untilNs: Ns): boolean {
    const playing = task.player as NonNullable<Task['player']>
    const { player, end } = playing
    const { nextNs } = this.#agenda // nothing is put on the agenda while steps are played
    for (;;) {
      playing.next = player.finish()
      this.#coast(task, playing, Math.min(nextNs, untilNs))
      const ns = playing.next < end ? player.begin(playing.next, end) : -1
      if (ns < 0) {
        task.player = undefined
        task.complete = () => playing.next
        return true
      }
      const over = Math.max(this.nowNs, this.#cpuFreeNs[task.cpu]) + ns
      if (over >= nextNs || over > untilNs) {
        this.#occupy(task, ns)
        return false
      }
      this.#cpuFreeNs[task.cpu] = over
      this.nowNs = over
    }
  }

  /** Steps that change nothing take their time, and nothing else, as long as they are over before anything else happens. */
  #coast(task: Task, playing: Playing, beforeNs: Ns): void {
    const { player, next, end } = playing
    if (player.coast === undefined || this.#cpuFreeNs[task.cpu] > this.nowNs) return
    for (let at = next; at < end; at++) {
      const alike = player.coastAlike?.(at, end, beforeNs - this.nowNs) ?? 0
      if (alike > 0) {
        this.nowNs += alike * (player.alikeNs as Ns)
        this.#cpuFreeNs[task.cpu] = this.nowNs
        playing.next = at + alike
        at += alike - 1
        continue
      }
      const ns = player.coast(at, beforeNs - this.nowNs)
      if (ns < 0) return
      this.nowNs += ns
      this.#cpuFreeNs[task.cpu] = this.nowNs
      playing.next = at + 1
    }
  }

  #finish(task: Task): void {
    this.#tasks.delete(task.id)
    const { work } = task
    if (work === undefined) return
    const again = work.finish()
    for (const waiter of work.waiters.splice(0)) this.wake(waiter)
    if (again) this.#startWork(work)
  }
}
