import type { Ns } from '../arch/index.ts'

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

  /** `times` RMPOPT on the leader itself, or one after the other. */
  rmpoptAlone(ns: Ns): void {
    this.instructions++
    this.rmpopts++
    this.#spend(ns, ns, 0)
  }

  /** One RMPOPT on each of `cpus` CPUs by broadcast. @param waitNs how long the sender waits @param handlersNs all handlers together */
  rmpoptBroadcast(cpus: number, ipis: number, waitNs: Ns, handlersNs: Ns, longestNs: Ns): void {
    this.instructions += cpus
    this.rmpopts += cpus
    this.ipis += ipis
    this.#spend(waitNs + handlersNs, Math.max(waitNs, longestNs), ipis)
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
