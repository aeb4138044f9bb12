import type { CpuId, RegionIndex } from '../../arch/index.ts'
import {
  holding,
  type Kernel,
  moveToCpu,
  oneThreadPerCore,
  type RegionRange,
  type Routine,
  rangesOf,
  rmpoptHere,
  rmpoptInBatches,
  rmpoptOnMask,
  smpProcessorId,
} from '../../kernel/index.ts'
import { type IndexSet, members } from '../../machine/index.ts'
import { type Base, baseGroups } from '../base.ts'
import type { Who } from './spec.ts'

/**
 * One pass: RMPOPT on these regions, executed as `who` says, with tables that begin where `base` says.
 * @param cpus those that take part; default: the online ones that `who` names
 */
export function* executePass(
  kernel: Kernel,
  who: Who,
  base: Base,
  ranges: readonly RegionRange[],
  cpus: IndexSet = who.threads === 'all' ? kernel.online : oneThreadPerCore(kernel),
): Routine<void> {
  const { tables, geometry } = kernel.machine
  // Not the other way round: who takes a CPU down holds the lock and waits for those who are pinned to it.
  yield* holding(kernel.hotplugLock, 'shared', pinned())

  function* pinned(): Routine<void> {
    yield { op: 'migrate-disable' }
    const here = yield* smpProcessorId()
    kernel.tell.passBegins(here, ranges)
    yield* groupByGroup(here)
    yield { op: 'migrate-enable' }
    kernel.tell.passEnds()
  }

  function* groupByGroup(here: CpuId): Routine<void> {
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
  if (!who.leads) {
    kernel.tell.leaderDone()
    return yield* onOthers(kernel, who, here, cpus, kernel.machine.topology.cpuSets.none, ranges)
  }
  const { topology } = kernel.machine
  const successes = who.follow === 'successes' ? new Set<RegionIndex>() : undefined
  const isHere = topology.cpuSets.minus(cpus, topology.siblings(here)) !== cpus
  const leader = isHere ? here : leaderOf(kernel, who, cpus)
  for (const range of ranges) {
    if (isHere) yield* rmpoptHere(kernel, here, range, { successes })
    else yield* rmpoptOnMask(kernel, topology.cpuSets.of([leader]), range, { successes })
  }
  kernel.tell.leaderDone()
  if (who.follow === 'none') return
  const done = topology.siblings(leader)
  yield* onOthers(kernel, who, here, cpus, done, successes === undefined ? ranges : rangesOf(successes))
}

/** Who leads CPUs that the pass does not run on: one that runs no guest, where guests are to be spared. */
function leaderOf(kernel: Kernel, { reach }: Who, cpus: IndexSet): CpuId {
  const spared = reach === 'idle-first' || reach === 'idle-only' ? idleOf(kernel, cpus) : cpus
  return members(spared.size > 0 ? spared : cpus).next().value as CpuId
}

/** The CPUs but those whose core is `done`. */
function* onOthers(
  kernel: Kernel,
  who: Who,
  here: CpuId,
  cpus: IndexSet,
  done: IndexSet,
  ranges: readonly RegionRange[],
): Routine<void> {
  const { cpuSets } = kernel.machine.topology
  if (who.reach === 'one-at-a-time') return yield* inTasks(kernel, here, cpuSets.minus(cpus, done), ranges)
  for (const portion of portions(kernel, who, cpus)) {
    const mask = cpuSets.minus(portion, done)
    for (const range of ranges) {
      if (who.batch > 1) yield* rmpoptInBatches(kernel, mask, range, who.batch)
      else yield* rmpoptOnMask(kernel, mask, range)
    }
  }
}

/** One CPU after the other, each by a synchronous cross call to a task that goes over all regions. */
function* inTasks(kernel: Kernel, here: CpuId, cpus: IndexSet, ranges: readonly RegionRange[]): Routine<void> {
  for (const cpu of members(cpus)) {
    yield* moveToCpu(cpu)
    for (const range of ranges) yield* rmpoptHere(kernel, cpu, range)
    yield* moveToCpu(here)
  }
}

/** In what portions the CPUs are interrupted. */
function portions(kernel: Kernel, { reach, groupCores }: Who, cpus: IndexSet): readonly IndexSet[] {
  const { cpuSets } = kernel.machine.topology
  switch (reach) {
    case 'broadcast':
      return [cpus]
    case 'groups':
      return groupsOf(kernel, groupCores, cpus)
    case 'idle-first': {
      const idle = idleOf(kernel, cpus)
      return [idle, cpuSets.minus(cpus, idle)]
    }
    case 'idle-only':
      return [idleOf(kernel, cpus)]
    case 'one-at-a-time':
      return [] // no interrupts
  }
}

/** CPUs in groups of so many cores, lowest first. Remembered: the same CPUs are asked for at every pass. */
function groupsOf({ machine: { topology } }: Kernel, groupCores: number, cpus: IndexSet): readonly IndexSet[] {
  let bySize = GROUPS.get(cpus)
  if (bySize === undefined) GROUPS.set(cpus, (bySize = new Map()))
  let groups = bySize.get(groupCores)
  if (groups === undefined) {
    const byGroup = new Map<number, CpuId[]>()
    for (const cpu of members(cpus)) {
      const group = Math.floor(topology.coreOf(cpu) / groupCores)
      byGroup.set(group, [...(byGroup.get(group) ?? []), cpu])
    }
    groups = [...byGroup.keys()].sort((a, b) => a - b).map((group) => topology.cpuSets.of(byGroup.get(group) ?? []))
    bySize.set(groupCores, groups)
  }
  return groups
}

const GROUPS = new WeakMap<IndexSet, Map<number, readonly IndexSet[]>>()

/** Those of the CPUs on whose core no thread runs a guest. */
function idleOf(kernel: Kernel, cpus: IndexSet): IndexSet {
  const { topology } = kernel.machine
  const busy = topology.coresOf(kernel.guestCpus())
  const isBusy = new Set(members(busy))
  return topology.cpuSets.of([...members(cpus)].filter((cpu) => !isBusy.has(topology.coreOf(cpu))))
}
