import type { Ns } from '../arch/index.ts'
import type { BroadcastCost } from './scan-cost.ts'

/** One pass of RMPOPT over memory, as it cost. */
export interface Pass {
  readonly startNs: Ns
  endNs: Ns
  /** CPU time of all CPUs: the leader's, waiting for followers included, and the handlers'. */
  cpuNs: Ns
  /** Longest time one CPU was kept from its other work: by one handler, or by one RMPOPT or one broadcast of the leader. */
  stallNs: Ns
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
  readonly passes: Pass[] = []
  #pass: Pass | undefined

  /** Everything that happened in the machine or to it. */
  get events(): number {
    return this.instructions + this.ipis + this.firmwareCommands + this.timers
  }

  passBegins(startNs: Ns): void {
    this.#pass = { startNs, endNs: startNs, cpuNs: 0, stallNs: 0, ipis: 0 }
  }

  passEnds(endNs: Ns): void {
    if (this.#pass === undefined) return
    this.#pass.endNs = endNs
    this.passes.push(this.#pass)
    this.#pass = undefined
  }

  /** One RMPOPT on the CPU that runs the routine. */
  rmpoptAlone(ns: Ns): void {
    this.instructions++
    this.rmpopts++
    this.rmpoptNs += ns
    this.#spend(ns, ns, 0)
  }

  /** RMPOPT on many CPUs by broadcast. @param rmpopts on all CPUs */
  rmpoptBroadcast(rmpopts: number, { ipis, waitNs, rmpoptNs, handlersNs, longestNs }: BroadcastCost): void {
    this.instructions += rmpopts
    this.rmpopts += rmpopts
    this.rmpoptNs += rmpoptNs
    this.ipis += ipis
    this.#spend(waitNs + handlersNs, Math.max(waitNs, longestNs), ipis)
  }

  /** A synchronous cross call to a task: one interrupt. */
  crossCall(): void {
    this.ipis++
    this.#spend(0, 0, 1)
  }

  /** One RMPREAD and `pages` RMPUPDATEs: a folio made private or shared. */
  folio(pages: number): void {
    this.instructions += 1 + pages
    this.rmpupdates += pages
  }

  #spend(cpuNs: Ns, stallNs: Ns, ipis: number): void {
    const pass = this.#pass
    if (pass === undefined) return
    pass.cpuNs += cpuNs
    pass.ipis += ipis
    if (stallNs > pass.stallNs) pass.stallNs = stallNs
  }
}
