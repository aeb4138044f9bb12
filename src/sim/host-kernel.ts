import { AMD64 } from '../arch/index.ts'
import {
  type Backing,
  createPhysicalMemory,
  Kernel,
  type Placement,
  type RmpoptDriver,
  type Routine,
  sevSnpInit,
  snpRmptableInit,
} from '../kernel/index.ts'
import { Machine } from '../machine/index.ts'
import type { HostPlan } from './host-spec.ts'

export interface HostKernelOptions {
  /** What drives RMPOPT. */
  readonly driver: RmpoptDriver
  readonly placement: Placement
  readonly backing: Backing
}

/** A planned host's hardware and kernel, before boot. */
export function hostKernel(plan: HostPlan, { driver, placement, backing }: HostKernelOptions): Kernel {
  const { usable: ranges, firmwareRanges, hvFixedRanges } = plan
  const memory = createPhysicalMemory({ geometry: AMD64, ranges, placement, backing })
  return new Kernel({ machine: new Machine(plan.machine), driver, memory, backing, firmwareRanges, hvFixedRanges })
}

/** Boots, and brings SNP up. */
export function* bringUp(kernel: Kernel): Routine<void> {
  if (yield* snpRmptableInit(kernel)) yield* sevSnpInit(kernel)
}
