import { GIB, type Spa, type SpaRange } from '../arch/index.ts'
import { allOfMemory, type Kernel, programBase, type Routine } from '../kernel/index.ts'
import { type IndexSet, members } from '../machine/index.ts'

/** Where tables begin: all at the lowest page, or each core's at the start of its socket's or node's memory. */
export const BASES = ['lowest', 'socket', 'node'] as const
export type Base = (typeof BASES)[number]

/** CPUs whose tables begin at the same place. */
export interface BaseGroup {
  readonly cpus: IndexSet
  readonly start: Spa
}

/** The groups of `cpus` under a choice of base, lowest first. */
export function baseGroups(kernel: Kernel, cpus: IndexSet, base: Base): BaseGroup[] {
  const { topology } = kernel.machine
  if (base === 'lowest') return [{ cpus, start: allOfMemory(kernel).start }]
  const groupOfNode = (node: number) => (base === 'socket' ? topology.socketOf(node) : node)
  const groupOf = (cpu: number) => groupOfNode(topology.nodeOf(cpu))
  const groups = [...new Set([...members(cpus)].map(groupOf))].sort((a, b) => a - b)
  const within = new Set(members(cpus))
  return groups.map((group) => ({
    cpus: topology.cpuSets.where((cpu) => within.has(cpu) && groupOf(cpu) === group),
    start: floor(kernel, spanOf(kernel, (node) => groupOfNode(node) === group).start),
  }))
}

/** Programs RMPOPT_BASE of every core. */
export function* programBases(kernel: Kernel, groups: readonly BaseGroup[]): Routine<void> {
  for (const { cpus, start } of groups) yield* programBase(kernel, cpus, start)
}

/**
 * v1: all of RAM within 2 TiB: base 0 everywhere. Else a socket that spans at most 2 TiB gives its cores its start, another its
 * nodes' starts; a socket reaches from the start of the first node met to the end of the last node met, walking the CPU list. [L v1]
 */
export function* programBaseV1(kernel: Kernel, cpus: IndexSet): Routine<void> {
  const { tables } = kernel.machine
  if (totalRam(kernel) <= tables.reachBytes) return yield* programBase(kernel, cpus, 0)
  for (const group of baseGroups(kernel, cpus, 'socket')) {
    const { start, end } = metSpan(kernel, group.cpus)
    if (end - start <= tables.reachBytes) yield* programBase(kernel, group.cpus, floor(kernel, start))
    else yield* programBases(kernel, baseGroups(kernel, group.cpus, 'node'))
  }
}

function totalRam({ machine }: Kernel): number {
  return machine.ram.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** From the start of the first node that these CPUs meet to the end of the last. */
function metSpan(kernel: Kernel, cpus: IndexSet): SpaRange {
  const nodes = [...new Set([...members(cpus)].map((cpu) => kernel.machine.topology.nodeOf(cpu)))]
  const first = spanOf(kernel, (node) => node === nodes[0])
  const last = spanOf(kernel, (node) => node === nodes.at(-1))
  return { start: first.start, end: last.end }
}

/** From the lowest to the highest page of the nodes asked for. */
function spanOf({ machine }: Kernel, isOne: (node: number) => boolean): SpaRange {
  const ranges = machine.ram.filter(({ node }) => isOne(node))
  return { start: ranges[0]?.start ?? 0, end: ranges.at(-1)?.end ?? 0 }
}

/** RMPOPT_BASE is 1 GiB aligned, and so that regions begin where the machine has them begin. */
function floor({ machine }: Kernel, address: Spa): Spa {
  const step = Math.max(GIB, machine.geometry.regionBytes)
  return Math.floor(address / step) * step
}
