import type { CpuId, Ns, RegionIndex } from '../arch/index.ts'
import type { Machine } from '../machine/index.ts'
import type { Costs } from './costs.ts'

/** What RMPOPT(verify) costs on a machine, by where the CPU and the region's RMP segment are. */
export class ScanCost {
  readonly #machine: Machine
  readonly #costs: Costs
  /** For each node of CPUs, the time to read a summary of each region: its segment lies on the region's node [K]. */
  readonly #summaryNs: readonly Int32Array[]

  constructor(machine: Machine, costs: Costs) {
    const { topology, rmp, ram, geometry } = machine
    const nodesPerSocket = topology.nodes / topology.sockets
    const nodeOf = (region: RegionIndex) => ram.find(({ end }) => end > region * geometry.regionBytes)?.node ?? 0
    const nodes = Array.from({ length: rmp.regions }, (_, region) => nodeOf(region))
    const socket = (node: number) => Math.floor(node / nodesPerSocket)
    this.#machine = machine
    this.#costs = costs
    this.#summaryNs = Array.from({ length: topology.nodes }, (_, here) => {
      const { node, socket: near, remote } = costs.summaryNs
      return Int32Array.from(nodes, (there) => (here === there ? node : socket(here) === socket(there) ? near : remote))
    })
  }

  /** One CPU alone: takes the cached result, or reads summaries until the first assigned one. */
  alone(cpu: CpuId, region: RegionIndex): Ns {
    const { tables } = this.#machine
    if (tables.cached[region] === 1) return this.#costs.cachedNs
    return this.#costs.rmpoptNs + this.#summaries(region) * this.#summaryNs[this.#machine.topology.nodeOf(cpu)][region]
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
}
