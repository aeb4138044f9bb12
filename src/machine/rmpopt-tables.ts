import { assert, type CoreId, type RegionIndex, type RmpoptBase, type Spa } from '../arch/index.ts'
import { has, type IndexSet } from './index-set.ts'
import type { Machine } from './machine.ts'
import { AS_THEY_ARE, namedAs, type Renaming, saveSet, type WordReader } from './snapshot.ts'

/** An RMPOPT(verify) between its first look at the RMP and its answer. */
interface Scan {
  /** What its owner calls it: the number of the CPU that executes it, or one of `newScan`. */
  readonly id: number
  region: RegionIndex
  /** Cores that this scan will serve. */
  cores: IndexSet
  /** An RMPUPDATE has assigned a page of the region since: the answer will be no. */
  lost: boolean
}

/**
 * The RMPOPT tables of all cores, and the cached scan results.
 *
 * Kept by region, not by core: for each region the set of cores whose bit is set. A broadcast clear is then one
 * assignment, cores that agree share everything, and the debugfs listing can be read off. A table is 2048 bits from
 * RMPOPT_BASE on [L v1]; SMT siblings share it [L v2].
 */
export class RmpoptTables {
  /** Of each region the cores that have it optimised. */
  readonly sets: IndexSet[]
  /** Whether a successful scan of the region is stored in reserved processor memory [L v2]. */
  readonly cached: Uint8Array
  /** RMPOPT_BASE of each core; siblings share it [L v2]. */
  readonly bases: RmpoptBase[]
  readonly reachBytes: number
  /** Changes whenever it changes which CPUs can execute RMPOPT on what: lets others remember what they worked out. */
  epoch = 0
  readonly #machine: Machine
  /** RMPOPTs in flight. */
  readonly scans: Scan[] = []
  #named = 0
  /** Of each region the cores that reach it, where that was asked since `#reachingEpoch`. */
  readonly #reachingOf: (IndexSet | undefined)[] = []
  #reachingEpoch = -1

  constructor(machine: Machine) {
    this.#machine = machine
    this.reachBytes = machine.options.tableReachBytes
    this.sets = new Array(machine.rmp.regions).fill(machine.topology.coreSets.none)
    this.cached = new Uint8Array(machine.rmp.regions)
    this.bases = Array.from({ length: machine.topology.cores }, () => ({ enabled: false, base: 0 }))
  }

  /** Whether the region lies within the core's table. */
  reaches(core: CoreId, region: RegionIndex): boolean {
    const { regionBytes } = this.#machine.geometry
    const { enabled, base } = this.bases[core]
    return enabled && region * regionBytes >= base && (region + 1) * regionBytes <= base + this.reachBytes
  }

  isOptimised(core: CoreId, spa: Spa): boolean {
    const region = this.#machine.regionOf(spa)
    return this.reaches(core, region) && has(this.sets[region], core)
  }

  /** A number for scans that many CPUs make at once: the others go by the CPU's number. */
  newScan(): number {
    return --this.#named
  }

  /** Begins a scan for some cores: from now on an RMPUPDATE that assigns a page of the region makes it fail. */
  open(id: number, region: RegionIndex, cores: IndexSet): void {
    this.scans.push({ id, region, cores, lost: false })
  }

  /** Ends a scan, unsuccessfully: the bits are clear, nothing is cached [seed, A §6.11]. */
  fail(id: number): void {
    const { region, cores } = this.#close(id)
    this.#set(region, this.#machine.topology.coreSets.minus(this.sets[region], cores))
  }

  /** Ends a scan that found no assigned page: sets the bits, unless the scan was lost. @returns whether they are set */
  publish(id: number): boolean {
    const scan = this.#close(id)
    if (scan.lost) {
      this.#set(scan.region, this.#machine.topology.coreSets.minus(this.sets[scan.region], scan.cores))
      return false
    }
    const { options, topology } = this.#machine
    if (options.resultCache) this.cached[scan.region] = 1
    const served = options.successBroadcast ? this.#reaching(scan.region) : scan.cores
    this.#set(scan.region, topology.coreSets.union(this.sets[scan.region], served))
    return true
  }

  /** A page of the region was assigned, or a large page of it split: no core has it optimised any more [seed, L v2, L v9]. */
  clear(region: RegionIndex): void {
    this.#set(region, this.#machine.topology.coreSets.none)
    this.dropResult(region)
    for (const scan of this.scans) if (scan.region === region) scan.lost = true
  }

  /** RMPUPDATE has changed the region: a cached result is not to be trusted any more [A §6.11]. */
  dropResult(region: RegionIndex): void {
    if (this.#machine.options.rmpupdateDropsCachedResult) this.cached[region] = 0
  }

  /** Empties all tables and forgets all results [L v1, L v8]. */
  clearAll(): void {
    for (let region = 0; region < this.sets.length; region++) this.clear(region)
    this.cached.fill(0)
  }

  setBase(core: CoreId, next: RmpoptBase): void {
    const { enabled, base } = this.bases[core]
    this.epoch++
    this.bases[core] = next
    if ((enabled === next.enabled && base === next.base) || !this.#machine.options.baseChangeClearsTable) return
    for (const scan of this.scans) if (has(scan.cores, core)) scan.lost = true // it was about the other table
    const { coreSets } = this.#machine.topology
    const mine = coreSets.of([core])
    for (let region = 0; region < this.sets.length; region++) this.#set(region, coreSets.minus(this.sets[region], mine))
  }

  /** Hardware that needs no RMPOPT: sets the region's bit on every core. For upper bounds only. */
  grant(region: RegionIndex): void {
    this.#set(region, this.#machine.topology.coreSets.all)
  }

  /** SNP comes up with every table enabled from `base` on, and every bit set that may be: a what-if. */
  comeUp(base: Spa): void {
    for (let core = 0; core < this.bases.length; core++) this.setBase(core, { enabled: true, base })
    for (let region = 0; region < this.sets.length; region++) {
      if (this.reaches(0, region) && this.#machine.isFree(region)) this.grant(region)
    }
  }

  /** Cores whose table reaches a region. */
  #reaching(region: RegionIndex): IndexSet {
    const { coreSets } = this.#machine.topology
    if (this.#reachingEpoch !== this.epoch) {
      this.#reachingEpoch = this.epoch
      this.#reachingOf.fill(undefined)
    }
    return (this.#reachingOf[region] ??= coreSets.where((core) => this.reaches(core, region)))
  }

  /** Appends bits, cached results, bases and scans; `names`: as if CPUs and regions were called otherwise. */
  save(to: number[], names: Renaming = AS_THEY_ARE): void {
    const { coreSets, cores } = this.#machine.topology
    const calledSo = namedAs(names.region, this.sets.length)
    for (let region = 0; region < this.sets.length; region++) saveSet(to, coreSets, this.sets[calledSo(region)], names.core)
    for (let region = 0; region < this.cached.length; region++) to.push(this.cached[calledSo(region)])
    const bases = to.length
    for (const [core, { enabled, base }] of this.bases.entries()) {
      const at = bases + (names.core?.(core) ?? core)
      to[at] = enabled ? 1 : 0
      to[at + cores] = base / this.#machine.geometry.regionBytes
    }
    to.push(this.scans.length)
    const scans = this.scans.map((scan) => ({ ...scan, id: scan.id < 0 ? scan.id : (names.cpu?.(scan.id) ?? scan.id) }))
    for (const { id, region, cores: served, lost } of scans.sort((a, b) => a.id - b.id)) {
      to.push(id, names.region?.(region) ?? region, lost ? 1 : 0)
      saveSet(to, coreSets, served, names.core)
    }
  }

  /** Takes on what `save` has written. Listeners are told nothing. */
  load(from: WordReader): void {
    const { coreSets, cores } = this.#machine.topology
    for (let region = 0; region < this.sets.length; region++) this.sets[region] = from.set(coreSets)
    for (let region = 0; region < this.cached.length; region++) this.cached[region] = from.next()
    const enabled = Array.from({ length: cores }, () => from.next() === 1)
    for (let core = 0; core < cores; core++) {
      this.bases[core] = { enabled: enabled[core], base: from.next() * this.#machine.geometry.regionBytes }
    }
    this.scans.length = from.next()
    for (let i = 0; i < this.scans.length; i++) {
      const [id, region, lost] = [from.next(), from.next(), from.next() === 1]
      this.scans[i] = { id, region, cores: from.set(coreSets), lost }
    }
    this.epoch++
  }

  #close(id: number): Scan {
    const at = this.scans.findLastIndex((scan) => scan.id === id)
    assert(at >= 0, `scan ${id} is under way`)
    const scan = this.scans[at]
    if (at === this.scans.length - 1) this.scans.pop()
    else this.scans.splice(at, 1)
    return scan
  }

  #set(region: RegionIndex, after: IndexSet): void {
    const before = this.sets[region]
    if (before === after) return
    this.sets[region] = after
    this.#machine.tell.optimised(region, before, after)
  }
}
