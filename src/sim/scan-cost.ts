import type { CpuId, Ns, RegionIndex } from '../arch/index.ts'
import type { Machine } from '../machine/index.ts'
import type { Costs } from './costs.ts'

/** What RMPOPT(verify) costs on a machine, by where the CPU and the region's RMP segment are. */
export class ScanCost {
  readonly #machine: Machine
  readonly #costs: Costs
  /** NUMA node of each region's memory: its segment lies there [K]. */
  readonly #nodeOf: Int32Array
  readonly #nodesPerSocket: number

  constructor(machine: Machine, costs: Costs) {
    const { regionBytes } = machine.geometry
    this.#machine = machine
    this.#costs = costs
    this.#nodesPerSocket = machine.topology.nodes / machine.topology.sockets
    this.#nodeOf = Int32Array.from({ length: machine.rmp.regions }, (_, region) => {
      const start = region * regionBytes
      return machine.ram.find((ram) => ram.end > start)?.node ?? 0
    })
  }

  /** One CPU alone: takes the cached result, or reads summaries until the first assigned one. */
  alone(cpu: CpuId, region: RegionIndex): Ns {
    const { tables } = this.#machine
    if (tables.cached[region] === 1) return this.#costs.cachedNs
    return this.#costs.rmpoptNs + this.#summaries(region) * this.#summaryNs(cpu, region)
  }

  /**
   * Many at once: what one core ahead of another adds to the other's time. Taking a cached result is serialised between
   * cores; reading summaries is taken not to be.
   */
  contention(region: RegionIndex): Ns {
    return this.#machine.tables.cached[region] === 1 ? this.#costs.cachedContentionNs : 0
  }

  #summaries(region: RegionIndex): number {
    const first = this.#machine.rmp.firstAssignedHuge(region)
    return first < 0 ? this.#machine.geometry.regionHuges : first + 1
  }

  #summaryNs(cpu: CpuId, region: RegionIndex): Ns {
    const { node, socket, remote } = this.#costs.summaryNs
    const here = this.#machine.topology.nodeOf(cpu)
    const there = this.#nodeOf[region]
    if (here === there) return node
    return Math.floor(here / this.#nodesPerSocket) === Math.floor(there / this.#nodesPerSocket) ? socket : remote
  }
}
