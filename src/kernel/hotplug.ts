import type { CpuId } from '../arch/index.ts'
import { has } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'
import { holding, type Routine } from './ops.ts'

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

/** What came of an attempt to take a CPU up or down. */
export type HotplugResult = 'done' | 'already' | 'EBUSY'

/** `cpu_up`: a CPU comes online. It starts without SNP_EN; nobody sets it in the tree of the later revisions [L v9]. */
export function* cpuUp(kernel: Kernel, cpu: CpuId): Routine<HotplugResult> {
  return yield* holding(kernel.hotplugOuterLock, 'exclusive', change(kernel, cpu, true))
}

/** `cpu_down`: a CPU goes offline; waits until no task with migration disabled is left on it. [K] */
export function* cpuDown(kernel: Kernel, cpu: CpuId): Routine<HotplugResult> {
  return yield* holding(kernel.hotplugOuterLock, 'exclusive', change(kernel, cpu, false))
}

function* change(kernel: Kernel, cpu: CpuId, up: boolean): Routine<HotplugResult> {
  if (kernel.hotplugDisabled > 0) return 'EBUSY'
  return yield* holding(kernel.hotplugLock, 'exclusive', changeLocked(kernel, cpu, up))
}

function* changeLocked(kernel: Kernel, cpu: CpuId, up: boolean): Routine<HotplugResult> {
  if (has(kernel.online, cpu) === up) return 'already'
  if (!up) yield { op: 'wait-unpinned', cpu }
  const { cpuSets } = kernel.machine.topology
  const one = cpuSets.of([cpu])
  kernel.online = up ? cpuSets.union(kernel.online, one) : cpuSets.minus(kernel.online, one)
  return 'done'
}
