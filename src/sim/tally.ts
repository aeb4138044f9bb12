import type { Ns } from '../arch/index.ts'
import type { BroadcastCost } from './scan-cost.ts'
import type { Task } from './task.ts'

/** One pass of RMPOPT over memory, as it costs. */
export interface Pass {
  readonly startNs: Ns
  /** CPU time of all CPUs: the leader's, waiting for followers included, and the handlers'. */
  cpuNs: Ns
  /** Longest time one CPU was kept from its other work: by one handler, or between two reschedule points of the leader. */
  stallNs: Ns
  ipis: number
}

/** All passes of a host. */
export interface PassTotals {
  count: number
  cpuNs: Ns
  wallNsSum: Ns
  wallNsMax: Ns
  stallNsMax: Ns
  ipis: number
}

/** What happened on a host, counted. The same whether loops are played with their generators or without. */
export class Tally {
  /** Instructions executed, on each CPU. */
  instructions = 0
  rmpopts = 0
  /** Time of all of them on their CPUs: without interrupts, without waiting for others. */
  rmpoptNs: Ns = 0
  rmpupdates = 0
  ipis = 0
  firmwareCommands = 0
  timers = 0
  readonly passes: PassTotals = { count: 0, cpuNs: 0, wallNsSum: 0, wallNsMax: 0, stallNsMax: 0, ipis: 0 }

  /** Everything that happened in the machine or to it. */
  get events(): number {
    return this.instructions + this.ipis + this.firmwareCommands + this.timers
  }

  passBegins(task: Task, startNs: Ns): void {
    task.pass = { startNs, cpuNs: 0, stallNs: 0, ipis: 0 }
    task.stretchNs = 0
  }

  passEnds(task: Task, endNs: Ns): void {
    const { pass, times } = task
    if (pass === undefined) return
    const { passes } = this
    const wallNs = (endNs - pass.startNs) / times
    passes.count += times
    passes.cpuNs += pass.cpuNs
    passes.wallNsSum += wallNs * times
    passes.wallNsMax = Math.max(passes.wallNsMax, wallNs)
    passes.stallNsMax = Math.max(passes.stallNsMax, pass.stallNs)
    passes.ipis += pass.ipis
    task.pass = undefined
  }

  /** One RMPOPT on the CPU that runs the routine, as often as the task stands for; or `steps` of them, each the same. */
  rmpoptAlone(task: Task, ns: Ns, steps = 1, reschedules = false): void {
    const times = task.times * steps
    this.instructions += times
    this.rmpopts += times
    this.rmpoptNs += ns * times
    this.#spend(task, ns, 0, 0, 0, steps, reschedules)
  }

  /** RMPOPT on many CPUs by broadcast, or by `steps` of them. @param rmpopts on all CPUs */
  rmpoptBroadcast(task: Task, rmpopts: number, cost: BroadcastCost, steps = 1, reschedules = false): void {
    const { ipis, waitNs, rmpoptNs, handlersNs, longestNs } = cost
    const times = task.times * steps
    this.instructions += rmpopts * times
    this.rmpopts += rmpopts * times
    this.rmpoptNs += rmpoptNs * times
    this.ipis += ipis * times
    this.#spend(task, waitNs, handlersNs, longestNs, ipis, steps, reschedules)
  }

  /** A synchronous cross call to a task: one interrupt. */
  crossCall(task: Task): void {
    this.ipis++
    this.#spend(task, 0, 0, 0, 1)
  }

  /** One RMPREAD and `pages` RMPUPDATEs: a folio made private or shared. */
  folio(pages: number): void {
    this.instructions += 1 + pages
    this.rmpupdates += pages
  }

  /**
   * @param ownNs the task's own CPU time @param othersNs that of other CPUs @param longestNs the longest of these at a stretch
   * @param reschedules whether each step ends with a reschedule point
   */
  #spend(task: Task, ownNs: Ns, othersNs: Ns, longestNs: Ns, ipis: number, steps = 1, reschedules = false): void {
    const { pass, times } = task
    const stretchNs = task.stretchNs + ownNs * (reschedules ? 1 : steps)
    task.stretchNs = reschedules ? 0 : stretchNs
    if (pass === undefined) return
    pass.cpuNs += (ownNs + othersNs) * times * steps
    pass.ipis += ipis * times * steps
    pass.stallNs = Math.max(pass.stallNs, stretchNs, longestNs)
  }
}
