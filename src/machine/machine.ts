import {
  AMD64,
  assert,
  type CoreId,
  type CpuFeatures,
  type CpuId,
  coveredRanges,
  type Geometry,
  geometry,
  type HugeIndex,
  ownRanges,
  type PageSize,
  type RegionIndex,
  type RmpLayout,
  type Spa,
  type SpaRange,
} from '../arch/index.ts'
import { MachineListener } from './events.ts'
import { FirmwareState } from './firmware/commands.ts'
import type { IndexSet } from './index-set.ts'
import { execute } from './instructions/index.ts'
import type { Instruction, Outcomes } from './instructions/types.ts'
import { DEFAULT_MACHINE_OPTIONS, type MachineOptions } from './options.ts'
import { Rmp } from './rmp.ts'
import { RmpoptTables } from './rmpopt-tables.ts'
import { Tlb } from './tlb.ts'
import { Topology, type TopologySpec } from './topology.ts'

/** A range of system memory (RAM) and the NUMA node it belongs to. */
export interface RamRange extends SpaRange {
  readonly node: number
}

/** What a machine is made of. */
export interface MachineSpec {
  readonly topology: TopologySpec
  /** RAM, ascending and disjoint. */
  readonly ram: readonly RamRange[]
  readonly features: CpuFeatures
  /** Where the BIOS put the RMP; `undefined`: it reserved none, RMP_BASE reads 0. */
  readonly layout?: RmpLayout
  /** How pages and regions nest. Default: that of AMD64, with regions as `options` say. */
  readonly geometry?: Geometry
  /** ASIDs that SNP guests may have are 1 to this. Default 1023: the raw entry has 10 bits [K]. */
  readonly asidMax?: number
  readonly options?: Partial<MachineOptions>
}

/** The MSR state of one thread. */
export interface CpuState {
  mfdm: boolean
  memEncrypt: boolean
  snpEn: boolean
  vmplEn: boolean
}

/**
 * The hardware: memory map, RMP, cores with their RMPOPT tables, TLBs and the security processor's firmware. It knows no
 * time, no policy and no Linux. Instructions change it: `machine.execute(cpu, { name: 'RMPOPT', rax: 0, rcx: 0 })`.
 */
export class Machine {
  readonly geometry: Geometry
  readonly topology: Topology
  readonly ram: readonly RamRange[]
  readonly features: CpuFeatures
  readonly layout: RmpLayout | undefined
  readonly options: MachineOptions
  readonly asidMax: number
  readonly cpus: readonly CpuState[]
  readonly rmp: Rmp
  readonly tables: RmpoptTables
  readonly tlb = new Tlb()
  readonly firmware = new FirmwareState()
  /** Memory that has RMP entries, ascending. */
  readonly covered: readonly SpaRange[]
  /** Memory that the RMP itself occupies, ascending. */
  readonly rmpOwn: readonly SpaRange[]
  /** Huge pages of which an RMPUPDATE or PSMASH in flight has locked an entry: the address and size of that entry. */
  readonly locks = new Map<HugeIndex, { readonly rax: Spa; readonly size: PageSize }>()
  readonly #coveredRegions: Uint8Array
  readonly #listeners: MachineListener[] = []
  /** Tells all listeners, in the order they came. */
  readonly tell: MachineListener

  constructor(spec: MachineSpec) {
    this.options = { ...DEFAULT_MACHINE_OPTIONS, ...spec.options }
    this.geometry = spec.geometry ?? withRegions(this.options.regionBytes)
    this.topology = new Topology(spec.topology)
    this.ram = spec.ram
    this.features = spec.features
    this.layout = spec.layout
    this.asidMax = spec.asidMax ?? 1023
    const top = spec.ram.at(-1)?.end ?? 0
    assert(top > 0, 'a machine has RAM')
    this.cpus = Array.from({ length: this.topology.cpus }, () => ({ mfdm: false, memEncrypt: true, snpEn: false, vmplEn: false }))
    this.tell = new Fanout(this.#listeners)
    // The layouts of the manual speak of 4 KiB pages; a machine of another geometry has an RMP for all of its RAM.
    const isAmd64 = spec.geometry === undefined || spec.geometry === AMD64
    this.covered = isAmd64 ? (spec.layout ? coveredRanges(spec.layout) : []) : [{ start: 0, end: top }]
    this.rmpOwn = spec.layout ? ownRanges(spec.layout) : []
    const end = Math.max(top, this.covered.at(-1)?.end ?? 0)
    this.rmp = new Rmp(this.geometry, Math.ceil(end / this.geometry.pageBytes), (region, before, after) =>
      this.tell.assigned(region, before, after),
    )
    this.tables = new RmpoptTables(this)
    const { regionBytes } = this.geometry
    this.#coveredRegions = Uint8Array.from({ length: this.rmp.regions }, (_, region) =>
      this.isCovered(region * regionBytes, regionBytes) ? 1 : 0,
    )
  }

  listen(listener: MachineListener): void {
    this.#listeners.push(listener)
  }

  /** Runs an instruction to its end, nothing coming in between. */
  execute<I extends Instruction>(cpu: CpuId, instruction: I): Outcomes[I['name']] {
    return execute(this, cpu, instruction)
  }

  /** Whether the page or region at an SPA has RMP entries, all of it. */
  isCovered(spa: Spa, bytes: number): boolean {
    return this.covered.some(({ start, end }) => spa >= start && spa + bytes <= end)
  }

  /** Whether this CPU checks accesses against the RMP. A CPU without SNP_EN makes no checks whatsoever [L v9]. */
  snpOn(cpu: CpuId): boolean {
    return this.cpus[cpu].snpEn
  }

  regionOf(spa: Spa): RegionIndex {
    return Math.floor(spa / this.geometry.regionBytes)
  }

  /** Whether some core could ever optimise this region now: covered, and no page in it assigned. Reach is the core's. */
  isFree(region: RegionIndex): boolean {
    return this.rmp.assignedPages[region] === 0 && this.isRegionCovered(region)
  }

  /** Whether all of the region has RMP entries. */
  isRegionCovered(region: RegionIndex): boolean {
    return this.#coveredRegions[region] === 1
  }

  /** Cores that have the region optimised. */
  optimisedOn(region: RegionIndex): IndexSet {
    return this.tables.sets[region]
  }

  coreOf(cpu: CpuId): CoreId {
    return this.topology.coreOf(cpu)
  }
}

function withRegions(regionBytes: number): Geometry {
  const { pageBytes, hugePages, hugeBytes } = AMD64
  assert(
    Number.isInteger(Math.log2(regionBytes / hugeBytes)) && regionBytes >= hugeBytes,
    'a region is a power of two, from 2 MiB on',
  )
  return regionBytes === AMD64.regionBytes ? AMD64 : geometry(pageBytes, hugePages, regionBytes / hugeBytes)
}

class Fanout extends MachineListener {
  readonly #to: readonly MachineListener[]

  constructor(to: readonly MachineListener[]) {
    super()
    this.#to = to
  }
  override instruction(...args: Parameters<MachineListener['instruction']>): void {
    for (const listener of this.#to) listener.instruction(...args)
  }
  override firmware(...args: Parameters<MachineListener['firmware']>): void {
    for (const listener of this.#to) listener.firmware(...args)
  }
  override assigned(region: RegionIndex, before: number, after: number): void {
    for (let i = 0; i < this.#to.length; i++) this.#to[i].assigned(region, before, after)
  }
  override optimised(region: RegionIndex, before: IndexSet, after: IndexSet): void {
    for (let i = 0; i < this.#to.length; i++) this.#to[i].optimised(region, before, after)
  }
  override shotDown(count: number): void {
    for (const listener of this.#to) listener.shotDown(count)
  }
  override unspecified(...args: Parameters<MachineListener['unspecified']>): void {
    for (const listener of this.#to) listener.unspecified(...args)
  }
}
