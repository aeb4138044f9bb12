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

interface Range {
  readonly first: RegionIndex
  readonly end: RegionIndex
}

/** On which CPUs, and for which regions, RMPOPT(verify) works without a fault. */
export class Scannable {
  readonly #machine: Machine
  /** Of each set of CPUs those whose tables are alike, with what these reach; CPUs that would fault are in none. */
  readonly #groups = new Map<IndexSet, readonly (Range & { readonly cpus: IndexSet })[]>()
  readonly #ranges = new Map<IndexSet, Range>()
  #epoch = -1
  #last: IndexSet | undefined
  #lastRange: Range = NOTHING

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Those of the CPUs on which it works on a region. */
  among(cpus: IndexSet, region: RegionIndex): IndexSet {
    this.#forgetOld()
    const { cpuSets } = this.#machine.topology
    if (!this.#machine.isRegionCovered(region)) return cpuSets.none
    return this.#groupsOf(cpus)
      .filter(({ first, end }) => region >= first && region < end)
      .reduce((set, { cpus }) => cpuSets.union(set, cpus), cpuSets.none)
  }

  /** Whether it works on a region on all of the CPUs. */
  has(cpus: IndexSet, region: RegionIndex): boolean {
    this.#forgetOld()
    if (cpus !== this.#last) {
      this.#last = cpus
      this.#lastRange = this.#rangeOf(cpus)
    }
    return region >= this.#lastRange.first && region < this.#lastRange.end && this.#machine.isRegionCovered(region)
  }

  #forgetOld(): void {
    const { epoch } = this.#machine.tables
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#groups.clear()
    this.#ranges.clear()
    this.#last = undefined
  }

  /** What all tables of the CPUs reach. */
  #rangeOf(cpus: IndexSet): Range {
    let range = this.#ranges.get(cpus)
    if (range === undefined) {
      const groups = this.#groupsOf(cpus)
      const works = groups.reduce((sum, group) => sum + group.cpus.size, 0)
      const common = { first: Math.max(...groups.map(({ first }) => first)), end: Math.min(...groups.map(({ end }) => end)) }
      this.#ranges.set(cpus, (range = works < cpus.size || works === 0 ? NOTHING : common))
    }
    return range
  }

  #groupsOf(cpus: IndexSet): readonly (Range & { readonly cpus: IndexSet })[] {
    let groups = this.#groups.get(cpus)
    if (groups === undefined) {
      const { tables, geometry, topology } = this.#machine
      const byBase = new Map<number, number[]>()
      for (const cpu of members(cpus)) {
        const { enabled, base } = tables.bases[topology.coreOf(cpu)]
        if (!enabled || !this.#machine.snpOn(cpu)) continue
        const alike = byBase.get(base)
        if (alike === undefined) byBase.set(base, [cpu])
        else alike.push(cpu)
      }
      groups = [...byBase].map(([base, alike]) => ({
        first: base / geometry.regionBytes,
        end: Math.floor((base + tables.reachBytes) / geometry.regionBytes),
        cpus: topology.cpuSets.of(alike),
      }))
      this.#groups.set(cpus, groups)
    }
    return groups
  }
}

const NOTHING: Range = { first: 0, end: 0 }
