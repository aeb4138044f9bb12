import type { CpuId, RegionIndex } from '../../arch/index.ts'
import {
  holding,
  type Kernel,
  onlinePrimaries,
  type RegionRange,
  type Routine,
  rangesOf,
  rmpoptHere,
  rmpoptOnMask,
  smpProcessorId,
} from '../../kernel/index.ts'
import { type IndexSet, members } from '../../machine/index.ts'
import { type Base, baseGroups } from '../base.ts'
import type { Who } from './spec.ts'

/** One pass: RMPOPT on these regions, executed as `who` says, with tables that begin where `base` says. */
export function* executePass(kernel: Kernel, who: Who, base: Base, ranges: readonly RegionRange[]): Routine<void> {
  const { tables, geometry } = kernel.machine
  yield { op: 'migrate-disable' }
  const here = yield* smpProcessorId()
  kernel.tell.passBegins(here, ranges[0].first, ranges[ranges.length - 1].end)
  yield* holding(kernel.hotplugLock, 'shared', groupByGroup())
  yield { op: 'migrate-enable' }
  kernel.tell.passEnds()

  function* groupByGroup(): Routine<void> {
    const cpus = who.threads === 'all' ? kernel.online : onlinePrimaries(kernel)
    for (const { cpus: group, start } of baseGroups(kernel, cpus, base)) {
      const first = start / geometry.regionBytes
      const reached = { first, end: first + tables.reachBytes / geometry.regionBytes }
      const own = ranges.map((range) => common(range, reached)).filter(({ first, end }) => first < end)
      yield* onGroup(kernel, who, here, group, own)
    }
  }
}

function common(a: RegionRange, b: RegionRange): RegionRange {
  return { first: Math.max(a.first, b.first), end: Math.min(a.end, b.end) }
}

/** CPUs that share a base: a leader first, if there is to be one, then the others. */
function* onGroup(kernel: Kernel, who: Who, here: CpuId, cpus: IndexSet, ranges: readonly RegionRange[]): Routine<void> {
  if (!who.leads) return yield* onOthers(kernel, who, cpus, ranges)
  const { topology } = kernel.machine
  const successes = who.follow === 'successes' ? new Set<RegionIndex>() : undefined
  const isHere = topology.cpuSets.minus(cpus, topology.siblings(here)) !== cpus
  const leader = isHere ? here : leaderOf(kernel, who, cpus)
  for (const range of ranges) {
    if (isHere) yield* rmpoptHere(kernel, here, range, { successes })
    else yield* rmpoptOnMask(kernel, topology.cpuSets.of([leader]), range, { successes })
  }
  if (who.follow === 'none') return
  const followers = topology.cpuSets.minus(cpus, topology.siblings(leader))
  yield* onOthers(kernel, who, followers, successes === undefined ? ranges : rangesOf(successes))
}

/** Who leads CPUs that the pass does not run on: one that runs no guest, where guests are to be spared. */
function leaderOf(kernel: Kernel, { reach }: Who, cpus: IndexSet): CpuId {
  const spared = reach === 'idle-first' || reach === 'idle-only' ? idleOf(kernel, cpus) : cpus
  return members(spared.size > 0 ? spared : cpus).next().value as CpuId
}

function* onOthers(kernel: Kernel, who: Who, cpus: IndexSet, ranges: readonly RegionRange[]): Routine<void> {
  for (const mask of masks(kernel, who, cpus)) {
    for (const range of ranges) yield* rmpoptOnMask(kernel, mask, range)
  }
}

/** In what portions the CPUs are interrupted. */
function masks(kernel: Kernel, { reach, groupCores }: Who, cpus: IndexSet): IndexSet[] {
  const { topology } = kernel.machine
  const { cpuSets } = topology
  switch (reach) {
    case 'broadcast':
      return [cpus]
    case 'groups': {
      const groupOf = (cpu: CpuId) => Math.floor(topology.coreOf(cpu) / groupCores)
      const groups = [...new Set([...members(cpus)].map(groupOf))]
      return groups.map((group) => cpuSets.of([...members(cpus)].filter((cpu) => groupOf(cpu) === group)))
    }
    case 'idle-first': {
      const idle = idleOf(kernel, cpus)
      return [idle, cpuSets.minus(cpus, idle)]
    }
    case 'idle-only':
      return [idleOf(kernel, cpus)]
    case 'one-at-a-time':
      return [...members(cpus)].map((cpu) => cpuSets.of([cpu]))
  }
}

/** Those of the CPUs on whose core no thread runs a guest. */
function idleOf(kernel: Kernel, cpus: IndexSet): IndexSet {
  const { topology } = kernel.machine
  const busy = topology.coresOf(kernel.guestCpus())
  const isBusy = new Set(members(busy))
  return topology.cpuSets.of([...members(cpus)].filter((cpu) => !isBusy.has(topology.coreOf(cpu))))
}
