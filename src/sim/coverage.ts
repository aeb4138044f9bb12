import type { Ns, RegionIndex } from '../arch/index.ts'
import { type IndexSet, type Machine, MachineListener, members } from '../machine/index.ts'
import { nodesOfRegions } from './region-nodes.ts'

/** Sums over time that the means are made of. Each in seconds times the quantity. */
export interface Integrals {
  seconds: number
  coverage: number
  ideal: number
  skipped: number
  /** As `skipped`, if every core writes to memory of its own socket only. */
  skippedLocal: number
}

export const noIntegrals = (): Integrals => ({ seconds: 0, coverage: 0, ideal: 0, skipped: 0, skippedLocal: 0 })

/**
 * Coverage of one host over time, from the machine's events.
 *
 * *Coverage*: optimised bytes ÷ bytes that hypervisor and ordinary guests own, mean over cores. *Ideal*: the same if every
 * eligible region were optimised on every core. *Skipped*: coverage weighted by where the writers write, taken to be evenly
 * over the memory that ordinary guests and the host use [A]; *skipped locally*: if each core writes to its own socket only.
 *
 * All sums are of whole pages, so that they are exact; time is added up only when one of them changes.
 */
export class Coverage extends MachineListener {
  readonly #now: () => Ns
  readonly #machine: Machine
  readonly #ramPages: Float64Array
  /** 1 for regions that an ideal table reaches. */
  readonly #inReach: Uint8Array
  /** Pages in use by ordinary guests and the host itself, of each region. */
  readonly #usedPages: Float64Array
  readonly #cores: number
  #lastNs: Ns = 0
  #isOn = false
  #hvPages: number
  /** Pages are counted as they are assigned; otherwise it is told how many are not. */
  #countsPages = true
  #usedSum = 0
  #optimisedSum = 0
  #skippedSum = 0
  #skippedLocalSum = 0
  readonly #socketOfRegion: Int32Array
  /** Of each set of cores how many it has of each socket. */
  readonly #perSocket = new Map<IndexSet, readonly number[]>()
  #idealSum = 0
  readonly #bins: Integrals[]
  readonly #binNs: Ns
  #bin = 0

  /** @param reach regions that a table could reach, end exclusive @param endNs simulated time, divided into `bins` equal parts */
  constructor(machine: Machine, now: () => Ns, reach: { first: RegionIndex; end: RegionIndex }, endNs: Ns, bins: number) {
    super()
    const { regions } = machine.rmp
    const { regionBytes, pageBytes } = machine.geometry
    this.#machine = machine
    this.#now = now
    this.#cores = machine.topology.cores
    this.#ramPages = new Float64Array(regions)
    for (const { start, end } of machine.ram) {
      for (let region = Math.floor(start / regionBytes); region * regionBytes < end; region++) {
        const from = Math.max(start, region * regionBytes)
        const to = Math.min(end, (region + 1) * regionBytes)
        this.#ramPages[region] += (to - from) / pageBytes
      }
    }
    this.#inReach = Uint8Array.from({ length: regions }, (_, r) =>
      r >= reach.first && r < reach.end && machine.isRegionCovered(r) ? 1 : 0,
    )
    this.#usedPages = new Float64Array(regions)
    this.#socketOfRegion = nodesOfRegions(machine).map((node) => machine.topology.socketOf(node))
    this.#hvPages = this.#ramPages.reduce((sum, pages) => sum + pages, 0)
    this.#idealSum = this.#ramPages.reduce((sum, pages, r) => sum + (this.#isEligible(r) ? pages : 0), 0)
    this.#bins = Array.from({ length: bins }, noIntegrals)
    this.#binNs = endNs / bins
  }

  /** Integrals of each part of the simulated time. */
  get bins(): readonly Integrals[] {
    return this.#bins
  }

  /** Integrals of all of it. */
  get total(): Integrals {
    return this.#bins.reduce(
      (a, b) => ({
        seconds: a.seconds + b.seconds,
        coverage: a.coverage + b.coverage,
        ideal: a.ideal + b.ideal,
        skipped: a.skipped + b.skipped,
        skippedLocal: a.skippedLocal + b.skippedLocal,
      }),
      noIntegrals(),
    )
  }

  /** Coverage at this moment. */
  get current(): number {
    return ratio(this.#optimisedSum, this.#hvPages * this.#cores)
  }

  /** SNP has come on: from now on every write that is not skipped is checked, and time counts. */
  turnOn(): void {
    this.settle()
    this.#isOn = true
  }

  turnOff(): void {
    this.settle()
    this.#isOn = false
  }

  isReachable(region: RegionIndex): boolean {
    return this.#inReach[region] === 1
  }

  override assigned(region: RegionIndex, before: number, after: number): void {
    this.settle()
    if (this.#countsPages) this.#hvPages += before - after
    if ((before === 0) === (after === 0) || this.#inReach[region] === 0) return
    this.#idealSum += after === 0 ? this.#ramPages[region] : -this.#ramPages[region]
  }

  override optimised(region: RegionIndex, before: IndexSet, after: IndexSet): void {
    this.settle()
    const delta = after.size - before.size
    this.#optimisedSum += delta * this.#ramPages[region]
    this.#skippedSum += delta * this.#usedPages[region]
    this.#skippedLocalSum += (this.#local(region, after) - this.#local(region, before)) * this.#usedPages[region]
  }

  /** Ordinary guests or the host use `pages` more (or less) of a region. */
  use(region: RegionIndex, pages: number): void {
    this.settle()
    this.#usedPages[region] += pages
    this.#usedSum += pages
    const set = this.#machine.tables.sets[region]
    this.#skippedSum += pages * set.size
    this.#skippedLocalSum += pages * this.#local(region, set)
  }

  /** Hypervisor and ordinary guests own so many pages; from now on that is told, not counted. */
  own(pages: number): void {
    this.settle()
    this.#countsPages = false
    this.#hvPages = pages
  }

  /** Adds up the time since the last change. */
  settle(): void {
    const now = this.#now()
    if (now === this.#lastNs) return
    while (this.#bin < this.#bins.length - 1 && now > (this.#bin + 1) * this.#binNs) {
      this.#add((this.#bin + 1) * this.#binNs)
      this.#bin++
    }
    this.#add(now)
  }

  #add(untilNs: Ns): void {
    const seconds = (untilNs - this.#lastNs) / 1e9
    this.#lastNs = untilNs
    if (!this.#isOn) return
    const bin = this.#bins[this.#bin]
    bin.seconds += seconds
    bin.coverage += seconds * ratio(this.#optimisedSum, this.#hvPages * this.#cores)
    bin.ideal += seconds * ratio(this.#idealSum, this.#hvPages)
    bin.skipped += seconds * ratio(this.#skippedSum, this.#usedSum * this.#cores)
    bin.skippedLocal += seconds * ratio(this.#skippedLocalSum * this.#machine.topology.sockets, this.#usedSum * this.#cores)
  }

  /** Cores of the region's own socket in a set. */
  #local(region: RegionIndex, set: IndexSet): number {
    if (set.size === 0) return 0
    const { topology } = this.#machine
    let counts = this.#perSocket.get(set)
    if (counts === undefined) {
      const perSocket = new Array<number>(topology.sockets).fill(0)
      for (const core of members(set)) perSocket[topology.socketOf(topology.nodeOf(core))]++
      this.#perSocket.set(set, (counts = perSocket))
    }
    return counts[this.#socketOfRegion[region]]
  }

  #isEligible(region: RegionIndex): boolean {
    return this.#inReach[region] === 1 && this.#machine.rmp.assignedPages[region] === 0
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
