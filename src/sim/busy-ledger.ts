import type { CpuId, Ns, RegionIndex } from '../arch/index.ts'
import { has, type IndexSet, members, type Topology } from '../machine/index.ts'
import type { Crowd } from './crowd.ts'
import type { RmpoptPart, ScanCost } from './scan-cost.ts'
import type { Task } from './task.ts'

/** Is told whenever RMPOPT(verify) begins on CPUs. Called on hot paths. */
export interface RmpoptLedger {
  /** On the CPU of the task, of its own accord: busy for `ns`. */
  own(task: Task, region: RegionIndex, ns: Ns): void
  /** By an interrupt to all CPUs of a mask but the sender, which waits for them. @param parts one for each region */
  broadcast(task: Task, mask: IndexSet, crowd: Crowd, parts: readonly RmpoptPart[], waitNs: Ns): void
}

/**
 * How long each CPU is kept busy by RMPOPT. A broadcast costs the same few additions however many CPUs it reaches; who was
 * busy how long is worked out when someone asks.
 */
export class BusyLedger implements RmpoptLedger {
  readonly #ownNs: Float64Array
  readonly #sums: BroadcastSum[] = []
  #last: BroadcastSum | undefined

  constructor({ cpus }: Topology) {
    this.#ownNs = new Float64Array(cpus)
  }

  own({ cpu }: Task, _region: RegionIndex, ns: Ns): void {
    this.#ownNs[cpu] += ns
  }

  broadcast({ cpu: sender }: Task, mask: IndexSet, crowd: Crowd, parts: readonly RmpoptPart[], waitNs: Ns): void {
    this.#ownNs[sender] += waitNs
    this.#sumOf(mask, crowd, has(mask, sender) ? sender : undefined).add(parts)
  }

  /** Busy time of every CPU, whole nanoseconds. */
  busyNs(scanCost: ScanCost, irqNs: Ns): Float64Array {
    const busy = Float64Array.from(this.#ownNs)
    for (const sum of this.#sums) for (const cpu of members(sum.mask)) busy[cpu] += sum.handlersNs(cpu, scanCost, irqNs)
    return busy.map(Math.round)
  }

  #sumOf(mask: IndexSet, crowd: Crowd, except: CpuId | undefined): BroadcastSum {
    const is = (sum: BroadcastSum) => sum.mask === mask && sum.except === except
    if (this.#last !== undefined && is(this.#last)) return this.#last
    let sum = this.#sums.find(is)
    if (sum === undefined) this.#sums.push((sum = new BroadcastSum(mask, crowd, except)))
    this.#last = sum
    return sum
  }
}

/** Picoseconds are added up, whole, so that sums do not depend on their order. */
const PS = 1000

/** Broadcasts to one mask: the sums that the time of each of its CPUs is made of. */
export class BroadcastSum {
  readonly mask: IndexSet
  /** The sender, if it is in the mask: it has no interrupt. */
  readonly except: CpuId | undefined
  interrupts = 0
  /** RMPOPTs on each CPU. */
  rmpopts = 0
  readonly #crowd: Crowd
  #commonPs = 0
  #perPlacePs = 0
  /** Summaries that every CPU has read for itself, by node of the summaries. */
  readonly #summaries: number[] = []

  constructor(mask: IndexSet, crowd: Crowd, except: CpuId | undefined) {
    this.mask = mask
    this.#crowd = crowd
    this.except = except
  }

  add(parts: readonly RmpoptPart[]): void {
    this.interrupts++
    this.rmpopts += parts.length
    for (const { commonNs, perPlaceNs, summaries, node } of parts) {
      this.#commonPs += Math.round(commonNs * PS)
      this.#perPlacePs += Math.round(perPlaceNs * PS)
      if (summaries > 0) this.#summaries[node] = (this.#summaries[node] ?? 0) + summaries
    }
  }

  /** What the interrupts took from a CPU of the mask. Not rounded. */
  handlersNs(cpu: CpuId, scanCost: ScanCost, irqNs: Ns): Ns {
    if (cpu === this.except) return 0
    const crowd = this.#crowd
    let ns = this.interrupts * irqNs + this.#commonPs / PS + (crowd.placeOf(cpu) * this.#perPlacePs) / PS
    this.#summaries.forEach((summaries, node) => {
      ns += scanCost.ofCpu(crowd, cpu, { commonNs: 0, perPlaceNs: 0, summaries, node })
    })
    return ns
  }
}
