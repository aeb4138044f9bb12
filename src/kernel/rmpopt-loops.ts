import { type CpuId, type RegionIndex, RMPOPT_REPORT, RMPOPT_VERIFY_AND_REPORT } from '../arch/index.ts'
import { type IndexSet, members } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'
import { playLoop } from './loop.ts'
import { condResched, execute, holding, moveToCpu, onEachCpuMask, type Routine, smpProcessorId } from './ops.ts'

/** Regions, end exclusive. */
export interface RegionSpan {
  readonly first: RegionIndex
  readonly end: RegionIndex
}

/** One pass: RMPOPT(verify) of all these regions on the cores of all these CPUs. */
export type PassLoop = (kernel: Kernel, regions: RegionSpan, cpus: IndexSet) => Routine<void>

/** One CPU at a time, each by a synchronous cross call that goes over all regions. */
export function* serialPass(kernel: Kernel, regions: RegionSpan, cpus: IndexSet): Routine<void> {
  const home = yield* smpProcessorId()
  kernel.tell.passBegins(home, regions.first, regions.end)
  let isFirst = true
  for (const cpu of members(cpus)) {
    yield* moveToCpu(cpu)
    yield* verifyHere(kernel, regions)
    if (isFirst) kernel.tell.leaderDone()
    isFirst = false
    yield* moveToCpu(home)
  }
  kernel.tell.passEnds()
}

/** No leader: for each region one broadcast to all CPUs [L v1, v2]. */
export function* allCpusPass(kernel: Kernel, regions: RegionSpan, cpus: IndexSet): Routine<void> {
  yield* begin(kernel, regions)
  kernel.tell.leaderDone()
  yield* holding(kernel.hotplugLock, 'shared', verifyOn(kernel, cpus, regions))
  yield* end(kernel)
}

/** The CPU that runs it goes first, over all regions; then the others, by one broadcast a region [L v3–v10]. */
export function* leaderFollowersPass(kernel: Kernel, regions: RegionSpan, cpus: IndexSet): Routine<void> {
  const leader = yield* begin(kernel, regions)
  yield* verifyHere(kernel, regions)
  kernel.tell.leaderDone()
  yield* holding(kernel.hotplugLock, 'shared', verifyOn(kernel, followersOf(kernel, cpus, leader), regions))
  yield* end(kernel)
}

/** The same, but the others only where the leader succeeded [L v2 review]. */
export function* leaderThenSuccessesPass(kernel: Kernel, regions: RegionSpan, cpus: IndexSet): Routine<void> {
  const leader = yield* begin(kernel, regions)
  yield* verifyHere(kernel, regions)
  const spans = yield* optimisedHere(kernel, regions)
  kernel.tell.leaderDone()
  for (const span of spans) {
    yield* holding(kernel.hotplugLock, 'shared', verifyOn(kernel, followersOf(kernel, cpus, leader), span))
  }
  yield* end(kernel)
}

/** The leader first; then the others, `regionsPerIpi` regions in each interrupt [A]. @param regionsPerIpi at least 1 */
export function batchedPass(regionsPerIpi: number): PassLoop {
  return function* (kernel, regions, cpus) {
    const leader = yield* begin(kernel, regions)
    yield* verifyHere(kernel, regions)
    kernel.tell.leaderDone()
    const followers = followersOf(kernel, cpus, leader)
    yield* holding(kernel.hotplugLock, 'shared', verifyBatches(followers, regions, regionsPerIpi))
    yield* end(kernel)
  }
}

function* begin(kernel: Kernel, { first, end }: RegionSpan): Routine<CpuId> {
  yield { op: 'migrate-disable' }
  const cpu = yield* smpProcessorId()
  kernel.tell.passBegins(cpu, first, end)
  return cpu
}

function* end(kernel: Kernel): Routine<void> {
  yield { op: 'migrate-enable' }
  kernel.tell.passEnds()
}

function followersOf({ machine: { topology } }: Kernel, cpus: IndexSet, leader: CpuId): IndexSet {
  return topology.cpuSets.minus(cpus, topology.siblings(leader))
}

function* verifyHere(kernel: Kernel, { first, end }: RegionSpan): Routine<void> {
  const { regionBytes } = kernel.machine.geometry
  yield* playLoop({ name: 'rmpopt' }, first, end, function* (region) {
    yield* execute({ name: 'RMPOPT', rax: region * regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT })
    yield* condResched()
    return region + 1
  })
}

function* verifyOn(kernel: Kernel, mask: IndexSet, { first, end }: RegionSpan): Routine<void> {
  const { regionBytes } = kernel.machine.geometry
  if (mask.size === 0) return
  yield* playLoop({ name: 'rmpopt-mask', mask }, first, end, function* (region) {
    yield* onEachCpuMask(mask, { name: 'RMPOPT', rax: region * regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT })
    yield* condResched()
    return region + 1
  })
}

function* verifyBatches(mask: IndexSet, { first, end }: RegionSpan, regionsPerIpi: number): Routine<void> {
  if (mask.size === 0) return
  for (let from = first; from < end; from += regionsPerIpi) {
    yield* onEachCpuMask(mask, { name: 'rmpopt_regions', first: from, end: Math.min(end, from + regionsPerIpi) })
    yield* condResched()
  }
}

/** Runs of regions that this CPU reports optimised. */
function* optimisedHere({ machine }: Kernel, { first, end }: RegionSpan): Routine<RegionSpan[]> {
  const spans: RegionSpan[] = []
  let start = first
  for (let region = first; region < end; region++) {
    const outcome = yield* execute({ name: 'RMPOPT', rax: region * machine.geometry.regionBytes, rcx: RMPOPT_REPORT })
    if (outcome.kind === 'done' && outcome.cf) continue
    if (region > start) spans.push({ first: start, end: region })
    start = region + 1
  }
  if (end > start) spans.push({ first: start, end })
  return spans
}
