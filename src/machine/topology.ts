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
    for (const [name, value] of Object.entries(spec)) assert(Number.isInteger(value) && value > 0, `${name} is at least 1`)
    assert(spec.threadsPerCore <= 2, 'a core has one or two threads')
    assert(spec.coresPerSocket % spec.nodesPerSocket === 0, 'the nodes of a socket have equally many cores')
    this.sockets = spec.sockets
    this.cores = spec.sockets * spec.coresPerSocket
    this.threadsPerCore = spec.threadsPerCore
    this.cpus = this.cores * spec.threadsPerCore
    this.nodes = spec.sockets * spec.nodesPerSocket
    this.#coresPerNode = spec.coresPerSocket / spec.nodesPerSocket
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
