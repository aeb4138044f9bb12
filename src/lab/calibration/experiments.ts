import { type CpuId, GIB, type Ns, type RegionIndex } from '../../arch/index.ts'
import { execute, moveToCpu, type Routine, rmpoptWorkHandler } from '../../kernel/index.ts'
import { executePass, WHOS } from '../../policy/index.ts'
import { type Costs, fillRmp, HOSTS, type HostSpec, type PassLoop, type RmpState, ScanCost, Stand } from '../../sim/index.ts'

/**
 * What an experiment would measure on a machine of these costs, in nanoseconds: where no page is assigned, and where every region
 * is scanned to its end in vain. Only two experiments were made on a machine between these two.
 */
export interface Reading {
  readonly freeNs: Ns
  readonly deepNs: Ns
}

type Experiment = (costs: Costs) => Reading

/** The machine of the passes, and the one of single instructions; NUMA nodes are the sockets, as the BIOS sets up by default [A]. */
const PASS_HOST: HostSpec = { ...HOSTS[0], name: '2 TiB', nodesPerSocket: 1 }
const SINGLE_HOST: HostSpec = { ...PASS_HOST, name: '1038 GiB', memoryBytes: 1038 * GIB, mmioHoleBytes: GIB }

/**
 * The published experiments, repeated by the simulator: the kernel's own routines on the machine of §8. Machines are brought up
 * once; an experiment takes milliseconds.
 */
export class Experiments {
  readonly #empty = standIn(PASS_HOST, { name: 'empty' })
  readonly #firstPage = standIn(PASS_HOST, { name: 'first-page' })
  /** The two kinds of regions of a machine that is filled nobody knows how: their means are mixed. */
  readonly #free = standIn(SINGLE_HOST, { name: 'empty' })
  readonly #deep = standIn(SINGLE_HOST, { name: 'last-page' })

  readonly all: Readonly<Record<string, Experiment>> = {
    'leader-scan-near': (costs) => alike(oneNs(this.#free, costs, this.#freeRegion('own'))),
    'leader-scan-far': (costs) => alike(oneNs(this.#free, costs, this.#freeRegion('other'))),
    'leader-scan-max': (costs) => alike(oneNs(this.#free, costs, this.#freeRegion('other'))),
    'first-page-fail': (costs) => alike(costs.summaryNs.socket),
    'follower-copy': (costs) => alike(costs.cachedNs),
    'mean-serial': (costs) => ({ freeNs: serialMeanNs(this.#free, costs), deepNs: serialMeanNs(this.#deep, costs) }),
    'mean-broadcast': (costs) => ({ freeNs: broadcastMeanNs(this.#free, costs), deepNs: broadcastMeanNs(this.#deep, costs) }),
    'pass-empty': (costs) => alike(passNs(this.#empty, costs)),
    'pass-first-page': (costs) => alike(passNs(this.#firstPage, costs)),
    'cross-call': (costs) => alike(crossCallNs(this.#free, costs, this.#freeRegion('own'))),
  }

  /** A region without an assigned page, on the node of CPU 0 or on the last one. */
  #freeRegion(where: 'own' | 'other'): RegionIndex {
    const { machine, regions } = this.#free
    const middle = Math.floor((regions.end - regions.first) * (where === 'own' ? 1 / 4 : 3 / 4))
    for (let region = middle; region < regions.end; region++) if (machine.isFree(region)) return region
    throw new Error('the machine has a free region')
  }
}

const FIRST_CPU: CpuId = 0
const SERIAL = passBy('one-at-a-time')
const ALL_CPUS = passBy('broadcast')

function passBy(who: string): PassLoop {
  return (kernel, regions, cpus) => executePass(kernel, WHOS[who], 'lowest', [regions], cpus)
}

function standIn(host: HostSpec, state: RmpState): Stand {
  const stand = new Stand({ host })
  fillRmp(stand.machine, stand.regions, state)
  return stand
}

function alike(ns: Ns): Reading {
  return { freeNs: ns, deepNs: ns }
}

/** One RMPOPT, not rounded: 60 cycles are too few for that. */
function oneNs(stand: Stand, costs: Costs, region: RegionIndex): Ns {
  stand.forget()
  return new ScanCost(stand.machine, costs).exact(FIRST_CPU, region)
}

function passNs(stand: Stand, costs: Costs): Ns {
  stand.forget()
  return stand.pass((kernel) => rmpoptWorkHandler(kernel), stand.machine.topology.primaries, { costs }).wallNs
}

/** All CPUs of a node are alike once the first of all has scanned: one of each stands for the others. */
function serialMeanNs(stand: Stand, costs: Costs): Ns {
  stand.forget()
  const { topology } = stand.machine
  const perNode = topology.cores / topology.nodes
  const others = Array.from({ length: topology.nodes }, (_, node) => node * perNode + 1)
  const { busyNs } = stand.pass(SERIAL, topology.cpuSets.of([0, ...others]), { costs })
  const perNodeCpus = topology.cpus / topology.nodes
  const sum = others.reduce((total, cpu, node) => total + (perNodeCpus - (node === 0 ? 1 : 0)) * busyNs[cpu], busyNs[0])
  return sum / topology.cpus / regionsOf(stand)
}

function broadcastMeanNs(stand: Stand, costs: Costs): Ns {
  stand.forget()
  const { all } = stand.machine.topology.cpuSets
  return stand.pass(ALL_CPUS, all, { costs }).rmpoptNs / all.size / regionsOf(stand)
}

function regionsOf({ regions: { first, end } }: Stand): number {
  return end - first
}

/** From the beginning of one call to that of the next. */
function crossCallNs(stand: Stand, costs: Costs, region: RegionIndex): Ns {
  stand.forget()
  const rmpopt = { name: 'RMPOPT', rax: region * stand.machine.geometry.regionBytes, rcx: 0 } as const
  stand.run(execute(rmpopt))
  const calls = [1, 2, 3]
  const routine = function* (): Routine<void> {
    for (const cpu of calls) {
      yield* moveToCpu(cpu)
      yield* execute(rmpopt)
      yield* moveToCpu(0)
    }
  }
  return stand.run(routine(), { costs }) / calls.length
}
