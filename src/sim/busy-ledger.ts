import type { CpuId, Ns } from '../arch/index.ts'
import { has, type IndexSet, members, type Topology } from '../machine/index.ts'
import type { Crowd } from './crowd.ts'
import type { RmpoptPart, ScanCost } from './scan-cost.ts'

/**
 * How long each CPU is kept busy by RMPOPT. A broadcast costs the same few additions however many CPUs it reaches; who was
 * busy how long is worked out when someone asks.
 */
export class BusyLedger {
  readonly #ownNs: Float64Array
  readonly #pages: Page[] = []
  #last: Page | undefined

  constructor({ cpus }: Topology) {
    this.#ownNs = new Float64Array(cpus)
  }

  /** A CPU is busy of its own accord: with an RMPOPT, or waiting for others. */
  own(cpu: CpuId, ns: Ns): void {
    this.#ownNs[cpu] += ns
  }

  /** An interrupt to all CPUs of a mask but the sender, who waits for them. */
  broadcast(sender: CpuId, mask: IndexSet, crowd: Crowd, parts: readonly RmpoptPart[], waitNs: Ns): void {
    this.own(sender, waitNs)
    const page = this.#pageOf(mask, crowd, has(mask, sender) ? sender : undefined)
    page.interrupts++
    for (const { commonNs, perPlaceNs, summaries, node } of parts) {
      page.commonPs += Math.round(commonNs * PS)
      page.perPlacePs += Math.round(perPlaceNs * PS)
      if (summaries > 0) page.summaries[node] = (page.summaries[node] ?? 0) + summaries
    }
  }

  /** Busy time of every CPU, whole nanoseconds. */
  busyNs(scanCost: ScanCost, irqNs: Ns): Float64Array {
    const busy = Float64Array.from(this.#ownNs)
    for (const { mask, crowd, except, interrupts, commonPs, perPlacePs, summaries } of this.#pages) {
      for (const cpu of members(mask)) {
        if (cpu === except) continue
        busy[cpu] += interrupts * irqNs + commonPs / PS + (crowd.placeOf(cpu) * perPlacePs) / PS
        summaries.forEach((count, node) => {
          busy[cpu] += scanCost.ofCpu(crowd, cpu, { commonNs: 0, perPlaceNs: 0, summaries: count, node })
        })
      }
    }
    return busy.map(Math.round)
  }

  #pageOf(mask: IndexSet, crowd: Crowd, except: CpuId | undefined): Page {
    const is = (page: Page) => page.mask === mask && page.except === except
    if (this.#last !== undefined && is(this.#last)) return this.#last
    let page = this.#pages.find(is)
    if (page === undefined) {
      page = { mask, crowd, except, interrupts: 0, commonPs: 0, perPlacePs: 0, summaries: [] }
      this.#pages.push(page)
    }
    this.#last = page
    return page
  }
}

/** Picoseconds are added up, whole, so that sums do not depend on their order. */
const PS = 1000

/** All broadcasts to one mask: the sums that the time of each of its CPUs is made of. */
interface Page {
  readonly mask: IndexSet
  readonly crowd: Crowd
  /** The sender, if it is in the mask: it has no interrupt. */
  readonly except: CpuId | undefined
  interrupts: number
  commonPs: number
  perPlacePs: number
  /** Summaries that every CPU has read for itself, by node of the summaries. */
  readonly summaries: number[]
}
