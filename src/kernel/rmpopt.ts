import {
  encodeRmpoptBase,
  logRmpoptCoverageLimited,
  logRmpoptRange,
  MSR_RMPOPT_BASE,
  type Ns,
  type RegionIndex,
  RMPOPT_REPORT,
  SECOND,
  type Spa,
  type SpaRange,
} from '../arch/index.ts'
import { has, type IndexSet, members } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'
import { holding, onEachCpuMask, type Routine, smpProcessorId } from './ops.ts'
import { type RegionRange, rmpoptHere, rmpoptOnMask } from './rmpopt-pass.ts'

/** How long a request waits, so that several guests that end together cost one pass [L v3]. */
export const REOPTIMISE_DELAY_NS = 10 * SECOND

/** `snp_setup_rmpopt`: programs RMPOPT_BASE on every core and queues the first pass at once. [L v5–v10] */
export function* snpSetupRmpopt(kernel: Kernel): Routine<void> {
  if (!canRmpopt(kernel)) return
  yield* holding(kernel.rmpopt.mutex, 'exclusive', setup(kernel))
}

/** RMPOPT needs a CPU that has it, a host that may run SNP and a segmented RMP. [L v1] */
export function canRmpopt({ machine, hostSnp, rmpIsSegmented }: Kernel): boolean {
  return machine.features.rmpopt && hostSnp && rmpIsSegmented
}

function* setup(kernel: Kernel): Routine<void> {
  const { rmpopt } = kernel
  if (rmpopt.isConfigured) return // a legacy shutdown skips the cleanup but allows a second init [L v5]
  yield* rmpoptConfigure(kernel)
  rmpopt.isConfigured = true
  yield { op: 'delay-work', work: rmpopt.work, delayNs: 0, ifPending: 'keep' }
}

/** Works out range and mask, and programs RMPOPT_BASE on every core, by one thread of it. [L v2–v10] */
export function* rmpoptConfigure(kernel: Kernel): Routine<void> {
  const { rmpopt } = kernel
  rmpopt.range = rmpoptRange(kernel)
  kernel.log(logRmpoptRange(rmpopt.range.start, rmpopt.range.end))
  if (rmpopt.range.end < endOfRam(kernel)) kernel.log(logRmpoptCoverageLimited(rmpopt.range.end))
  rmpopt.primaries = oneThreadPerCore(kernel)
  yield* programBase(kernel, rmpopt.primaries, rmpopt.range.start)
}

/** Of each core the CPU that stands for it, if it is online: the lowest thread, or the lowest that is online, as the driver has it. */
export function oneThreadPerCore({ machine: { topology }, online, driver }: Kernel): IndexSet {
  const { cpuSets, primaries } = topology
  if (driver.threadOfCore !== 'first-online') return cpuSets.where((cpu) => has(online, cpu) && has(primaries, cpu))
  return cpuSets.where((cpu) => [...members(topology.siblings(cpu))].find((thread) => has(online, thread)) === cpu)
}

/** Enables RMPOPT_BASE at `base` on the cores of these CPUs. */
export function* programBase(kernel: Kernel, cpus: IndexSet, base: Spa): Routine<void> {
  const value = encodeRmpoptBase({ enabled: true, base })
  const { faulted } = yield* onEachCpuMask(cpus, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value })
  for (const cpu of members(faulted)) kernel.tell.fault(cpu, 'WRMSR RMPOPT_BASE')
}

/** From the lowest page, rounded down to 1 GiB, to the highest, rounded up; at most as far as a table reaches. [L v2] */
export function rmpoptRange(kernel: Kernel): SpaRange {
  const { start, end } = allOfMemory(kernel)
  return { start, end: Math.min(end, start + kernel.machine.tables.reachBytes) }
}

/** From the lowest page to the highest, rounded out to whole regions. [L v1] */
export function allOfMemory(kernel: Kernel): SpaRange {
  const { ram, geometry } = kernel.machine
  const { regionBytes } = geometry
  const start = Math.floor(ram[0].start / regionBytes) * regionBytes
  return { start, end: Math.ceil(endOfRam(kernel) / regionBytes) * regionBytes }
}

function endOfRam({ machine }: Kernel): Spa {
  return machine.ram.at(-1)?.end ?? 0
}

/** The regions that passes go over. */
export function regionsToScan({ rmpopt, machine: { geometry } }: Kernel): RegionRange {
  const { start, end } = rmpopt.range
  return { first: start / geometry.regionBytes, end: end / geometry.regionBytes }
}

/**
 * `rmpopt_work_handler`, v9 and v10: whatever CPU runs it leads; its core's threads are taken out of the followers. The leader
 * goes over all regions first, so that the followers find the cached results. [L v5, v9]
 */
export function* rmpoptWorkHandler(kernel: Kernel): Routine<void> {
  const { rmpopt, machine } = kernel
  const regions = regionsToScan(kernel)
  yield { op: 'migrate-disable' }
  const leader = yield* smpProcessorId()
  const followers = machine.topology.cpuSets.minus(rmpopt.primaries, machine.topology.siblings(leader))
  kernel.tell.passBegins(leader, [regions])
  yield* rmpoptHere(kernel, leader, regions)
  kernel.tell.leaderDone()
  yield* holding(kernel.hotplugLock, 'shared', rmpoptOnMask(kernel, followers, regions))
  yield { op: 'migrate-enable' }
  kernel.tell.passEnds()
}

/** `snp_rmpopt_all_physmem`: asks for a pass; every request restarts the timer [L v8], or none does while one is pending [L v3–v7]. */
export function* snpRmpoptAllPhysmem(
  kernel: Kernel,
  delayNs: Ns = REOPTIMISE_DELAY_NS,
  ifPending: 'keep' | 'restart' = 'restart',
): Routine<void> {
  yield* holding(kernel.rmpopt.mutex, 'exclusive', request(kernel, delayNs, ifPending))
}

function* request(kernel: Kernel, delayNs: Ns, ifPending: 'keep' | 'restart'): Routine<void> {
  const { rmpopt, tell } = kernel
  if (!rmpopt.isConfigured) return
  tell.passRequested([regionsToScan(kernel)])
  yield { op: 'delay-work', work: rmpopt.work, delayNs, ifPending }
}

/** `rmpopt_cleanup`: on a full shutdown; waits for a running pass, then disables the tables. [L v5] */
export function* rmpoptCleanup(kernel: Kernel): Routine<void> {
  yield* holding(kernel.rmpopt.mutex, 'exclusive', cleanup(kernel))
}

function* cleanup({ rmpopt }: Kernel): Routine<void> {
  if (!rmpopt.isConfigured) return
  yield { op: 'cancel-work-sync', work: rmpopt.work }
  const value = encodeRmpoptBase({ enabled: false, base: 0 })
  yield* onEachCpuMask(rmpopt.primaries, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value })
  rmpopt.isConfigured = false
}

/** The debugfs file `rmpopt-table`: of every region the online CPUs that report it optimised. [L v1–v8] */
export function* rmpoptTableShow(kernel: Kernel, line: (region: RegionIndex, cpus: IndexSet) => void): Routine<void> {
  const { rmpopt, machine, online, driver } = kernel
  const { regionBytes } = machine.geometry
  const end = rmpopt.range.end + (driver.listsOneTooMany ? regionBytes : 0)
  for (let spa = rmpopt.range.start; spa < end; spa += regionBytes) {
    const { carry } = yield* onEachCpuMask(online, { name: 'RMPOPT', rax: spa, rcx: RMPOPT_REPORT })
    line(machine.regionOf(spa), carry)
  }
}
