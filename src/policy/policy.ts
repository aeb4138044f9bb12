import type { RmpoptDriver } from '../kernel/index.ts'
import type { Machine } from '../machine/index.ts'

/** A way to drive RMPOPT: the kernel's driver, and what people want to know of it. */
export interface Policy extends RmpoptDriver {
  /** In a few words each: when it re-optimises, what it scans, who executes RMPOPT. */
  readonly when: string
  readonly what: string
  readonly who: string
  /** Memory that the kernel keeps for it as long as SNP is on, bytes. */
  keptBytes(machine: Machine): number
  /** Every eligible region is optimised at once, free of charge: no machine does that, it is the upper bound. */
  readonly isOracle?: boolean
}

/**
 * What kernel objects take, bytes, on x86-64 without debugging and with room for 8192 CPUs (`CONFIG_NR_CPUS`) [K];
 * workqueue and task are rounded, their size depends on the configuration [A].
 */
export const KEPT = {
  cpumask: 1024,
  delayedWork: 88,
  mutex: 32,
  workqueue: 1024,
  /** `task_struct` and 16 KiB of kernel stack. */
  kthread: 26 * 1024,
} as const
