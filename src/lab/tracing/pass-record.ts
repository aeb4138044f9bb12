import { assert, type CpuId, type Ns, type RegionIndex } from '../../arch/index.ts'
import { has, type IndexSet, members } from '../../machine/index.ts'
import { BroadcastSum, type Crowd, type HostSimulation, type RmpoptPart, type Task } from '../../sim/index.ts'
import { LIMITS } from './limits.ts'

/** RMPOPTs that are shown one by one: the leader's own, or those of one broadcast. */
export interface DetailedRmpopt {
  readonly startNs: Ns
  readonly endNs: Ns
  readonly regions: readonly RegionIndex[]
  /** Absent: the leader's own. */
  readonly broadcast?: { readonly crowd: Crowd; readonly except: CpuId | undefined; readonly parts: readonly RmpoptPart[] }
  /** CPUs that execute them. */
  readonly cpus: readonly CpuId[]
  /** On how many of the regions CF was 1. It is known when the next begins. */
  successes: number
}

/** All broadcasts of a pass to one mask, from the first to the last; those that are shown one by one are summed up apart. */
export interface Summary {
  readonly sum: BroadcastSum
  readonly isDetailed: boolean
  readonly firstNs: Ns
  lastNs: Ns
}

/** What one pass does, taken down while it does it. */
export class PassRecord {
  readonly number: number
  readonly task: Task
  readonly leader: CpuId
  readonly first: RegionIndex
  readonly end: RegionIndex
  readonly startNs: Ns
  /** When the leader was done with all regions. */
  leaderDoneNs: Ns | undefined
  endNs: Ns | undefined
  /** CPU time of all CPUs and the longest time one was kept from its other work, as the tally has them. */
  cost = { cpuNs: 0, stallNs: 0, ipis: 0 }
  readonly own = { rmpopts: 0, busyNs: 0 }
  waitedNs = 0
  readonly summaries: Summary[] = []
  /** CPUs besides the leader whose RMPOPTs are shown one by one; `undefined`: no CPU's are. */
  readonly detailedCpus: Set<CpuId> | undefined
  readonly details: DetailedRmpopt[] = []
  readonly #host: HostSimulation
  /** What its CF will be is not known yet. */
  #pending: DetailedRmpopt | undefined

  constructor(
    host: HostSimulation,
    task: Task,
    { number, first, end, isDetailed }: { number: number; first: RegionIndex; end: RegionIndex; isDetailed: boolean },
  ) {
    this.#host = host
    this.number = number
    this.task = task
    this.leader = task.cpu
    this.first = first
    this.end = end
    this.startNs = host.clock.nowNs
    this.detailedCpus = isDetailed ? new Set() : undefined
  }

  addOwn(region: RegionIndex, ns: Ns): void {
    this.settle()
    const { clock } = this.#host
    this.own.rmpopts++
    this.own.busyNs += ns
    if (this.detailedCpus === undefined || !this.#isDetailed(region)) return
    const startNs = Math.max(clock.nowNs, clock.freeNs(this.leader))
    this.#detail({ startNs, endNs: startNs + ns, regions: [region], cpus: [this.leader], successes: 0 })
  }

  addBroadcast(mask: IndexSet, crowd: Crowd, parts: readonly RmpoptPart[], waitNs: Ns): void {
    this.settle()
    const { nowNs } = this.#host.clock
    this.waitedNs += waitNs
    const except = has(mask, this.leader) ? this.leader : undefined
    const isDetailed = this.detailedCpus !== undefined && parts.length > 0 && this.#isDetailed(parts[0].region)
    const summary = this.#summaryOf(mask, crowd, except, isDetailed)
    summary.sum.add(parts)
    summary.lastNs = nowNs + waitNs
    if (!isDetailed) return
    const cpus = this.#detailedOf(mask)
    const regions = parts.map(({ region }) => region)
    this.#detail({ startNs: nowNs, endNs: nowNs + waitNs, regions, broadcast: { crowd, except, parts }, cpus, successes: 0 })
  }

  /** What was begun is over: it can be seen what came of it. */
  settle(): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    const { tables, topology } = this.#host.machine
    const core = topology.coreOf(pending.cpus[0])
    pending.successes = pending.regions.filter((region) => has(tables.sets[region], core)).length
  }

  /** The pass is over, or looked at in its middle. */
  readCost(): void {
    const { pass } = this.task
    assert(pass !== undefined, 'the task makes the pass')
    this.cost = { cpuNs: pass.cpuNs, stallNs: pass.stallNs, ipis: pass.ipis }
  }

  #isDetailed(region: RegionIndex): boolean {
    return region < this.first + LIMITS.detailedRegions
  }

  /** The first CPUs that are interrupted are shown. */
  #detailedOf(mask: IndexSet): CpuId[] {
    const shown = this.detailedCpus as Set<CpuId>
    const cpus: CpuId[] = []
    for (const cpu of members(mask)) {
      if (cpu === this.leader) cpus.push(cpu)
      else if (shown.has(cpu) || shown.size < LIMITS.detailedCpus) cpus.push(cpu)
      else continue
      if (cpu !== this.leader) shown.add(cpu)
    }
    return cpus
  }

  #detail(detail: DetailedRmpopt): void {
    if (detail.cpus.length === 0) return
    this.details.push(detail)
    this.#pending = detail
  }

  #summaryOf(mask: IndexSet, crowd: Crowd, except: CpuId | undefined, isDetailed: boolean): Summary {
    const is = ({ sum, isDetailed: detailed }: Summary) => sum.mask === mask && sum.except === except && detailed === isDetailed
    const last = this.summaries.at(-1)
    let summary = last !== undefined && is(last) ? last : this.summaries.find(is)
    if (summary === undefined) {
      const { nowNs } = this.#host.clock
      summary = { sum: new BroadcastSum(mask, crowd, except), isDetailed, firstNs: nowNs, lastNs: nowNs }
      this.summaries.push(summary)
    }
    return summary
  }
}
