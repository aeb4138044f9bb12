import type { CpuId } from '../arch/index.ts'
import { type IndexSet, members, rank, type Topology } from '../machine/index.ts'

/** The CPUs that execute RMPOPT at the same time. The threads of a core share its place in the queue: counted from 0, lowest core first. */
export class Crowd {
  readonly cpus: number
  readonly cores: number
  /** Sum of the places of all CPUs. */
  readonly places: number
  readonly cpusOfNode: readonly number[]
  readonly #topology: Topology
  readonly #cores: IndexSet

  constructor(topology: Topology, mask: IndexSet) {
    this.#topology = topology
    this.#cores = topology.coresOf(mask)
    this.cpus = mask.size
    this.cores = this.#cores.size
    const placeOfCore = new Map([...members(this.#cores)].map((core, place) => [core, place]))
    const cpusOfNode = new Array<number>(topology.nodes).fill(0)
    let places = 0
    for (const cpu of members(mask)) {
      places += placeOfCore.get(topology.coreOf(cpu)) as number
      cpusOfNode[topology.nodeOf(cpu)]++
    }
    this.places = places
    this.cpusOfNode = cpusOfNode
  }

  placeOf(cpu: CpuId): number {
    return rank(this.#cores, this.#topology.coreOf(cpu))
  }
}
