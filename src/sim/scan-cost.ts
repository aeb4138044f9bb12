import type { CpuId, Ns, RegionIndex } from '../arch/index.ts'
import { has, type IndexSet, type Machine, members } from '../machine/index.ts'
import type { Costs } from './costs.ts'
import { Crowd } from './crowd.ts'
import { nodesOfRegions } from './region-nodes.ts'

/** What one broadcast of RMPOPT(verify) costs whom. All times are whole. */
export interface BroadcastCost {
  readonly crowd: Crowd
  /** CPUs that get an interrupt. */
  readonly ipis: number
  /** How long the sender waits: sending, waking, and the slowest CPU. */
  readonly waitNs: Ns
  /** Time of the RMPOPTs on all CPUs. */
  readonly rmpoptNs: Ns
  /** Time that interrupts take from all CPUs but the sender, and the longest of them. */
  readonly handlersNs: Ns
  readonly longestNs: Ns
  /** How the time of each RMPOPT is made up, region by region. */
  readonly parts: readonly RmpoptPart[]
}

/**
 * The time of one RMPOPT on each CPU of a crowd: `commonNs` on all, `perPlaceNs` more for each core ahead, and a scan of its
 * own of `summaries` summaries that lie on `node`.
 */
export interface RmpoptPart {
  readonly region: RegionIndex
  readonly commonNs: Ns
  readonly perPlaceNs: Ns
  readonly summaries: number
  readonly node: number
}

/** What RMPOPT(verify) costs on a machine, by where the CPU and the region's RMP segment are. */
export class ScanCost {
  readonly #machine: Machine
  readonly #costs: Costs
  readonly #nodeOfRegion: Int32Array
  /** Time to read one summary, by node of the reader and node of the summary. */
  readonly #summaryNs: readonly (readonly Ns[])[]
  readonly #crowds = new Map<IndexSet, Crowd>()
  /** The last broadcast for which there was a stored result. */
  #stored: { readonly mask: IndexSet; readonly sender: CpuId; readonly cost: BroadcastCost } | undefined

  constructor(machine: Machine, costs: Costs) {
    const { topology } = machine
    this.#machine = machine
    this.#costs = costs
    this.#nodeOfRegion = nodesOfRegions(machine)
    const nodes = Array.from({ length: topology.nodes }, (_, node) => node)
    const { node, socket, remote } = costs.summaryNs
    this.#summaryNs = nodes.map((here) =>
      nodes.map((there) => (here === there ? node : topology.socketOf(here) === topology.socketOf(there) ? socket : remote)),
    )
  }

  /** One CPU alone: takes the stored result, or reads summaries until the first assigned one. Whole. */
  alone(cpu: CpuId, region: RegionIndex): Ns {
    return Math.round(this.exact(cpu, region))
  }

  /** The same, not rounded. */
  exact(cpu: CpuId, region: RegionIndex): Ns {
    if (this.#machine.tables.cached[region] === 1) return this.#costs.cachedNs
    return this.#scanNs(this.#machine.topology.nodeOf(cpu), region)
  }

  /**
   * All CPUs of a mask at once. With a stored result they take it, core after core. Without one the sender scans, or, if it is
   * not among them, the first of them; the others wait for what it stores and then take that, core after core. A region
   * with an assigned page has no result to store: every core scans for itself.
   * @param interrupted CPUs that are interrupted, if they are more than those that scan
   */
  broadcast(sender: CpuId, mask: IndexSet, region: RegionIndex, interrupted = mask): BroadcastCost {
    if (interrupted !== mask) return this.#cost(sender, mask, [this.#part(sender, mask, region)], interrupted)
    if (this.#machine.tables.cached[region] !== 1) return this.#cost(sender, mask, [this.#part(sender, mask, region)])
    const { parts, ...cost } = this.stored(sender, mask)
    return { ...cost, parts: [{ ...parts[0], region }] }
  }

  /** The same where a result is stored: in every region alike. */
  stored(sender: CpuId, mask: IndexSet): BroadcastCost {
    if (this.#stored?.mask !== mask || this.#stored.sender !== sender) {
      const { cachedNs: commonNs, cachedContentionNs: perPlaceNs } = this.#costs
      this.#stored = {
        mask,
        sender,
        cost: this.#cost(sender, mask, [{ region: -1, commonNs, perPlaceNs, summaries: 0, node: 0 }]),
      }
    }
    return this.#stored.cost
  }

  /** One CPU alone that takes a stored result. Whole. */
  get storedNs(): Ns {
    return Math.round(this.#costs.cachedNs)
  }

  /** The same for several regions in one interrupt, one after the other on each CPU. */
  batch(sender: CpuId, mask: IndexSet, regions: readonly RegionIndex[]): BroadcastCost {
    const { batchContention } = this.#costs
    const parts = regions.map((region, at) => {
      const part = this.#part(sender, mask, region)
      return at === 0 ? part : { ...part, perPlaceNs: part.perPlaceNs * batchContention }
    })
    return this.#cost(sender, mask, parts)
  }

  #cost(sender: CpuId, mask: IndexSet, parts: readonly RmpoptPart[], interrupted = mask): BroadcastCost {
    const crowd = this.#crowd(mask)
    const isLocal = has(mask, sender)
    const ipis = interrupted.size - (has(interrupted, sender) ? 1 : 0)
    let [all, slowest, local] = [0, 0, 0]
    for (const part of parts) {
      all += this.#ofAll(crowd, part)
      slowest += this.#slowestNs(crowd, part)
      if (isLocal) local += this.ofCpu(crowd, sender, part)
    }
    return {
      crowd,
      ipis,
      waitNs: Math.round(this.sendNs(ipis) + slowest),
      rmpoptNs: Math.round(all),
      handlersNs: Math.round(ipis * this.#costs.irqNs + all - local),
      longestNs: Math.round(this.#costs.irqNs + slowest),
      parts,
    }
  }

  /** Sending an interrupt to so many CPUs, waking them, and waiting for answers; handlers apart. */
  sendNs(ipis: number): Ns {
    return ipis === 0 ? 0 : this.#costs.wakeNs + ipis * this.#costs.ipiPerCpuNs
  }

  /** RMPOPT on one CPU of the crowd. */
  ofCpu(crowd: Crowd, cpu: CpuId, { commonNs, perPlaceNs, summaries, node }: Omit<RmpoptPart, 'region'>): Ns {
    const own = summaries * this.#summaryNs[this.#machine.topology.nodeOf(cpu)][node]
    return commonNs + crowd.placeOf(cpu) * perPlaceNs + own
  }

  /** RMPOPT on all CPUs of the crowd together. */
  #ofAll(crowd: Crowd, { commonNs, perPlaceNs, summaries, node }: RmpoptPart): Ns {
    let ns = crowd.cpus * commonNs + crowd.places * perPlaceNs
    if (summaries > 0)
      crowd.cpusOfNode.forEach((cpus, here) => {
        ns += cpus * summaries * this.#summaryNs[here][node]
      })
    return ns
  }

  #slowestNs(crowd: Crowd, { commonNs, perPlaceNs, summaries, node }: RmpoptPart): Ns {
    let own = 0
    if (summaries > 0)
      crowd.cpusOfNode.forEach((cpus, here) => {
        if (cpus > 0) own = Math.max(own, summaries * this.#summaryNs[here][node])
      })
    return commonNs + Math.max(0, crowd.cores - 1) * perPlaceNs + own
  }

  #crowd(mask: IndexSet): Crowd {
    let crowd = this.#crowds.get(mask)
    if (crowd === undefined) this.#crowds.set(mask, (crowd = new Crowd(this.#machine.topology, mask)))
    return crowd
  }

  #part(sender: CpuId, mask: IndexSet, region: RegionIndex): RmpoptPart {
    const { tables, rmp, topology, geometry } = this.#machine
    const { cachedNs, cachedContentionNs, scanContentionNs } = this.#costs
    const node = this.#nodeOfRegion[region]
    if (tables.cached[region] === 1) return { region, commonNs: cachedNs, perPlaceNs: cachedContentionNs, summaries: 0, node }
    if (rmp.assignedPages[region] > 0) {
      const summaries = this.#summaries(region)
      return { region, commonNs: 0, perPlaceNs: (scanContentionNs * summaries) / geometry.regionHuges, summaries, node }
    }
    const scanner = has(mask, sender) ? sender : (members(mask).next().value as CpuId)
    const scanNs = this.#scanNs(topology.nodeOf(scanner), region)
    const isAlone = this.#crowd(mask).cores === 1
    return { region, commonNs: isAlone ? scanNs : scanNs + cachedNs, perPlaceNs: cachedContentionNs, summaries: 0, node }
  }

  #scanNs(node: number, region: RegionIndex): Ns {
    return this.#summaries(region) * this.#summaryNs[node][this.#nodeOfRegion[region]]
  }

  #summaries(region: RegionIndex): number {
    const first = this.#machine.rmp.firstAssignedHuge(region)
    return first < 0 ? this.#machine.geometry.regionHuges : first + 1
  }
}
