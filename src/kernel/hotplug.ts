import { type CpuId, MSR_SYSCFG, SYSCFG_MFDM, SYSCFG_SNP_EN, SYSCFG_VMPL_EN } from '../arch/index.ts'
import { has, type IndexSet, members } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'
import { holding, onEachCpuMask, type Routine } from './ops.ts'

/**
 * `cpu_hotplug_disable`: counted; takes the outer lock that going on- and offline also takes, so it must not be called under
 * `cpus_read_lock`. [K]
 */
export function* hotplugDisable(kernel: Kernel): Routine<void> {
  yield* holding(kernel.hotplugOuterLock, 'exclusive', count(kernel, 1))
}

/** `cpu_hotplug_enable` [K] */
export function* hotplugEnable(kernel: Kernel): Routine<void> {
  yield* holding(kernel.hotplugOuterLock, 'exclusive', count(kernel, -1))
}

// biome-ignore lint/correctness/useYield: the body of a critical section
function* count(kernel: Kernel, delta: 1 | -1): Routine<void> {
  kernel.hotplugDisabled += delta
}

/** Those CPUs of a mask that are online: the others a cross call leaves out (`smp_call_function_many_cond`). [K] */
export function onlineOf({ online, machine: { topology } }: Kernel, mask: IndexSet): IndexSet {
  const { cpuSets } = topology
  return online === cpuSets.all ? mask : cpuSets.minus(mask, cpuSets.minus(cpuSets.all, online))
}

/** What came of an attempt to take a CPU up or down. */
export type HotplugResult = 'done' | 'already' | 'EBUSY'

/** `cpu_up`: a CPU comes online. It starts without SNP_EN; in the tree of v1 and v2 a callback sets it [K], later nobody does [L v9]. */
export function* cpuUp(kernel: Kernel, cpu: CpuId): Routine<HotplugResult> {
  return yield* holding(kernel.hotplugOuterLock, 'exclusive', change(kernel, cpu, true))
}

/** `cpu_down`: a CPU goes offline; waits until no task with migration disabled is left on it. [K] */
export function* cpuDown(kernel: Kernel, cpu: CpuId): Routine<HotplugResult> {
  return yield* holding(kernel.hotplugOuterLock, 'exclusive', change(kernel, cpu, false))
}

function* change(kernel: Kernel, cpu: CpuId, up: boolean): Routine<HotplugResult> {
  if (!has(kernel.machine.topology.cpuSets.all, cpu)) throw new RangeError(`there is no CPU ${cpu}`)
  if (kernel.hotplugDisabled > 0) return 'EBUSY'
  return yield* holding(kernel.hotplugLock, 'exclusive', changeLocked(kernel, cpu, up))
}

function* changeLocked(kernel: Kernel, cpu: CpuId, up: boolean): Routine<HotplugResult> {
  if (has(kernel.online, cpu) === up) return 'already'
  if (!up) yield { op: 'wait-unpinned', cpu }
  const { cpuSets } = kernel.machine.topology
  const one = cpuSets.of([cpu])
  kernel.online = up ? cpuSets.union(kernel.online, one) : cpuSets.minus(kernel.online, one)
  if (up && kernel.driver.hotplug === 'snp-en-callback' && kernel.hostSnp) yield* snpEnableOn(kernel, one)
  return 'done'
}

/** `snp_enable` as hotplug callback: runs on the CPU that comes online. [K] */
function* snpEnableOn(kernel: Kernel, cpu: IndexSet): Routine<void> {
  yield* onEachCpuMask(cpu, { name: 'msr_set_bit', msr: MSR_SYSCFG, bits: SYSCFG_MFDM })
  const { faulted } = yield* onEachCpuMask(cpu, { name: 'msr_set_bit', msr: MSR_SYSCFG, bits: SYSCFG_SNP_EN | SYSCFG_VMPL_EN })
  for (const faulty of members(faulted)) kernel.tell.fault(faulty, 'WRMSR SYSCFG')
}
