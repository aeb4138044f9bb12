import { assert, type CoreId, type CpuId } from '../arch/index.ts'
import { type IndexSet, SetSpace } from './index-set.ts'

/** How many of what. */
export interface TopologySpec {
  readonly sockets: number
  readonly coresPerSocket: number
  /** 1, or 2 with SMT. */
  readonly threadsPerCore: number
  /** NUMA nodes per socket (NPS). */
  readonly nodesPerSocket: number
}

/**
 * Cores, SMT siblings, sockets and NUMA nodes. Logical CPUs are numbered as Linux does on EPYC: the first threads of all
 * cores, socket by socket, then the second threads in the same order; so CPU c and CPU c + cores are siblings [K].
 */
export class Topology {
  readonly sockets: number
  readonly cores: number
  readonly cpus: number
  readonly nodes: number
  readonly threadsPerCore: number
  readonly coreSets: SetSpace
  readonly cpuSets: SetSpace
  /** The lowest thread of every core, online or not: what `topology_is_primary_thread` answers [K]. */
  readonly primaries: IndexSet
  readonly #coresPerNode: number
  readonly #coresOf = new Map<IndexSet, IndexSet>()

  constructor(spec: TopologySpec) {
    const { sockets, coresPerSocket, threadsPerCore, nodesPerSocket } = spec
    for (const count of [sockets, coresPerSocket, threadsPerCore, nodesPerSocket]) {
      assert(Number.isInteger(count) && count > 0, 'sockets, cores, threads and nodes are counted from 1')
    }
    assert(threadsPerCore <= 2, 'a core has one or two threads')
    assert(coresPerSocket % nodesPerSocket === 0, 'the nodes of a socket have equally many cores')
    this.sockets = sockets
    this.cores = sockets * coresPerSocket
    this.threadsPerCore = threadsPerCore
    this.cpus = this.cores * threadsPerCore
    this.nodes = sockets * nodesPerSocket
    this.#coresPerNode = coresPerSocket / nodesPerSocket
    this.coreSets = new SetSpace(this.cores)
    this.cpuSets = new SetSpace(this.cpus)
    this.primaries = this.cpuSets.where((cpu) => cpu < this.cores)
  }

  coreOf(cpu: CpuId): CoreId {
    return cpu % this.cores
  }

  /** NUMA node of a CPU. */
  nodeOf(cpu: CpuId): number {
    return Math.floor(this.coreOf(cpu) / this.#coresPerNode)
  }

  /** Socket of a NUMA node. */
  socketOf(node: number): number {
    return Math.floor((node * this.sockets) / this.nodes)
  }

  /** All threads of the core that `cpu` belongs to, itself included. */
  siblings(cpu: CpuId): IndexSet {
    const core = this.coreOf(cpu)
    return this.cpuSets.of(Array.from({ length: this.threadsPerCore }, (_, thread) => core + thread * this.cores))
  }

  /** The cores that the CPUs of a mask belong to. */
  coresOf(cpus: IndexSet): IndexSet {
    let cores = this.#coresOf.get(cpus)
    if (cores === undefined) {
      const words = cpus.words
      const inMask = (cpu: number) => ((words[cpu >>> 5] >>> (cpu & 31)) & 1) === 1
      cores = this.coreSets.where((core) => inMask(core) || (this.threadsPerCore === 2 && inMask(core + this.cores)))
      this.#coresOf.set(cpus, cores)
    }
    return cores
  }
}
