import {
  encodeRmpoptBase,
  logRmpoptCoverageLimited,
  logRmpoptRange,
  MSR_RMPOPT_BASE,
  type RegionIndex,
  RMPOPT_REPORT,
  RMPOPT_VERIFY_AND_REPORT,
  SECOND,
  type SpaRange,
} from '../arch/index.ts'
import { has, type IndexSet, members } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'
import { playLoop } from './loop.ts'
import { condResched, execute, holding, type IpiFunction, onEachCpuMask, type Routine, smpProcessorId } from './ops.ts'
import { DelayedWork } from './sync.ts'

/** How long a request waits, so that several guests that end together cost one pass [L v3]. */
const REOPTIMISE_DELAY_NS = 10 * SECOND

/** `snp_setup_rmpopt`: programs RMPOPT_BASE on every core and queues the first pass at once. [L v5–v10] */
export function* snpSetupRmpopt(kernel: Kernel): Routine<void> {
  if (!kernel.machine.features.rmpopt || !kernel.hostSnp || !kernel.rmpIsSegmented) return // [L v1]
  yield* holding(kernel.rmpopt.mutex, 'exclusive', setup(kernel))
}

function* setup(kernel: Kernel): Routine<void> {
  const { rmpopt, machine } = kernel
  if (rmpopt.isConfigured) return // a legacy shutdown skips the cleanup but allows a second init [L v5]
  rmpopt.range = rmpoptRange(kernel)
  kernel.log(logRmpoptRange(rmpopt.range.start, rmpopt.range.end))
  if (rmpopt.range.end < endOfRam(kernel)) kernel.log(logRmpoptCoverageLimited(rmpopt.range.end))
  rmpopt.primaries = machine.topology.cpuSets.where((cpu) => has(kernel.online, cpu) && has(machine.topology.primaries, cpu))

  const value = encodeRmpoptBase({ enabled: true, base: rmpopt.range.start })
  const { faulted } = yield* onEachCpuMask(rmpopt.primaries, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value })
  for (const cpu of members(faulted)) kernel.tell.fault(cpu, 'WRMSR RMPOPT_BASE')
  rmpopt.work = new DelayedWork('rmpopt_delayed_work', () => rmpoptWorkHandler(kernel))
  rmpopt.isConfigured = true
  yield { op: 'delay-work', work: rmpopt.work, delayNs: 0, ifPending: 'keep' }
}

/** From the lowest page, rounded down to 1 GiB, to the highest, rounded up; at most as far as a table reaches. [L v2] */
export function rmpoptRange({ machine }: Kernel): SpaRange {
  const { regionBytes } = machine.geometry
  const start = Math.floor(machine.ram[0].start / regionBytes) * regionBytes
  const end = Math.ceil((machine.ram.at(-1)?.end ?? 0) / regionBytes) * regionBytes
  return { start, end: Math.min(end, start + machine.tables.reachBytes) }
}

function endOfRam({ machine }: Kernel): number {
  return machine.ram.at(-1)?.end ?? 0
}

/**
 * `rmpopt_work_handler`, v10: whatever CPU runs it leads; its core's threads are taken out of the followers. The leader goes
 * over all regions first, so that the followers find the cached results. [L v5, v9]
 */
export function* rmpoptWorkHandler(kernel: Kernel): Routine<void> {
  const { rmpopt, machine } = kernel
  const { regionBytes } = machine.geometry
  const first: RegionIndex = rmpopt.range.start / regionBytes
  const end: RegionIndex = rmpopt.range.end / regionBytes

  yield { op: 'migrate-disable' }
  const leader = yield* smpProcessorId()
  const followers = machine.topology.cpuSets.minus(rmpopt.primaries, machine.topology.siblings(leader))
  kernel.tell.passBegins(leader, first, end)

  yield* playLoop({ name: 'rmpopt' }, first, end, function* (region) {
    const { kind } = yield* execute({ name: 'RMPOPT', rax: region * regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT })
    if (kind !== 'done') kernel.tell.fault(leader, 'RMPOPT')
    yield* condResched()
    return region + 1
  })
  kernel.tell.leaderDone()
  yield* holding(kernel.hotplugLock, 'shared', follow(kernel, followers, first, end))
  yield { op: 'migrate-enable' }
  kernel.tell.passEnds()
}

function* follow(kernel: Kernel, followers: IndexSet, first: RegionIndex, end: RegionIndex): Routine<void> {
  const { regionBytes } = kernel.machine.geometry
  if (followers.size === 0) return
  yield* playLoop({ name: 'rmpopt-mask', mask: followers }, first, end, function* (region) {
    const rmpopt: IpiFunction = { name: 'RMPOPT', rax: region * regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT }
    const { faulted } = yield* onEachCpuMask(followers, rmpopt)
    for (const cpu of members(faulted)) kernel.tell.fault(cpu, 'RMPOPT')
    yield* condResched()
    return region + 1
  })
}

/** `snp_rmpopt_all_physmem`: asks for a pass; every request restarts the timer. [L v8] */
export function* snpRmpoptAllPhysmem(kernel: Kernel): Routine<void> {
  yield* holding(kernel.rmpopt.mutex, 'exclusive', request(kernel))
}

function* request({ rmpopt, tell }: Kernel): Routine<void> {
  if (!rmpopt.isConfigured || rmpopt.work === undefined) return
  tell.passRequested()
  yield { op: 'delay-work', work: rmpopt.work, delayNs: REOPTIMISE_DELAY_NS, ifPending: 'restart' }
}

/** `rmpopt_cleanup`: on a full shutdown; waits for a running pass, then disables the tables. [L v5] */
export function* rmpoptCleanup(kernel: Kernel): Routine<void> {
  yield* holding(kernel.rmpopt.mutex, 'exclusive', cleanup(kernel))
}

function* cleanup({ rmpopt }: Kernel): Routine<void> {
  if (!rmpopt.isConfigured || rmpopt.work === undefined) return
  yield { op: 'cancel-work-sync', work: rmpopt.work }
  const value = encodeRmpoptBase({ enabled: false, base: 0 })
  yield* onEachCpuMask(rmpopt.primaries, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value })
  rmpopt.work = undefined
  rmpopt.isConfigured = false
}

/** The debugfs file `rmpopt-table`: of every region the online CPUs that report it optimised. [L v1–v8] */
export function* rmpoptTableShow(kernel: Kernel, line: (region: RegionIndex, cpus: IndexSet) => void): Routine<void> {
  const { rmpopt, machine, online } = kernel
  const { regionBytes } = machine.geometry
  for (let spa = rmpopt.range.start; spa < rmpopt.range.end; spa += regionBytes) {
    const { carry } = yield* onEachCpuMask(online, { name: 'RMPOPT', rax: spa, rcx: RMPOPT_REPORT })
    line(machine.regionOf(spa), carry)
  }
}
