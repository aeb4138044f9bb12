import type { RegionIndex } from '../arch/index.ts'
import { type IndexSet, type Machine, members, type RmpoptDone } from '../machine/index.ts'

/**
 * RMPOPT(verify) that takes time, on one CPU or on many at once: it looks at the RMP when it begins and publishes when it
 * ends; an RMPUPDATE in between voids it. The steps are those of `machine/instructions/rmpopt.ts`.
 */
export class TimedRmpopt {
  readonly #machine: Machine
  readonly #cores: IndexSet
  readonly #scan: number
  /** Nothing comes of it but the time it takes: it stands for many that are followed by another. */
  readonly #isIdle: boolean
  #isFree = false
  #how: RmpoptDone['how'] = 'scanned'
  #summaries = 0

  /** @param cpus the CPUs that execute it; their cores are served @param times how many it stands for */
  constructor(machine: Machine, cpus: IndexSet, times: number) {
    this.#isIdle = times > 1
    this.#machine = machine
    this.#cores = machine.topology.coresOf(cpus)
    this.#scan = machine.tables.newScan()
  }

  begin(region: RegionIndex): void {
    const { tables, rmp, geometry } = this.#machine
    if (!this.#isIdle) tables.open(this.#scan, region, this.#cores)
    const first = rmp.firstAssignedHuge(region)
    this.#how = tables.cached[region] === 1 ? 'cached' : 'scanned'
    this.#isFree = this.#how === 'cached' || first < 0
    this.#summaries = this.#how === 'cached' ? 0 : first < 0 ? geometry.regionHuges : first + 1
  }

  /** @returns CF */
  finish(): boolean {
    if (this.#isIdle) return false
    if (this.#isFree) return this.#machine.tables.publish(this.#scan)
    this.#machine.tables.fail(this.#scan)
    return false
  }

  outcome(cf: boolean): RmpoptDone {
    return { kind: 'done', cf, how: this.#how, summaries: this.#summaries }
  }
}

/** For each set of CPUs the regions that RMPOPT(verify) works on without a fault on all of them. */
export class Scannable {
  readonly #machine: Machine
  readonly #ranges = new Map<IndexSet, { readonly first: RegionIndex; readonly end: RegionIndex }>()
  #epoch = -1
  #last: IndexSet | undefined
  #lastRange = { first: 0, end: 0 }

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Those of the CPUs on which RMPOPT(verify) works on a region without a fault. */
  among(cpus: IndexSet, region: RegionIndex): IndexSet {
    const { cpuSets } = this.#machine.topology
    return cpuSets.of([...members(cpus)].filter((cpu) => this.has(cpuSets.of([cpu]), region)))
  }

  has(cpus: IndexSet, region: RegionIndex): boolean {
    const { tables } = this.#machine
    if (tables.epoch !== this.#epoch) {
      this.#ranges.clear()
      this.#epoch = tables.epoch
      this.#last = undefined
    }
    if (cpus !== this.#last) {
      this.#last = cpus
      this.#lastRange = this.#remembered(cpus)
    }
    return region >= this.#lastRange.first && region < this.#lastRange.end && this.#machine.isRegionCovered(region)
  }

  #remembered(cpus: IndexSet): { first: RegionIndex; end: RegionIndex } {
    let range = this.#ranges.get(cpus)
    if (range === undefined) this.#ranges.set(cpus, (range = this.#range(cpus)))
    return range
  }

  #range(cpus: IndexSet): { first: RegionIndex; end: RegionIndex } {
    const { tables, geometry, topology } = this.#machine
    let first = 0
    let end = Number.MAX_SAFE_INTEGER
    for (const cpu of members(cpus)) {
      const { enabled, base } = tables.bases[topology.coreOf(cpu)]
      if (!enabled || !this.#machine.snpOn(cpu)) return { first: 0, end: 0 }
      first = Math.max(first, base / geometry.regionBytes)
      end = Math.min(end, Math.floor((base + tables.reachBytes) / geometry.regionBytes))
    }
    return { first, end }
  }
}
