import type { CpuId } from '../../arch/index.ts'
import type { Guest, Kernel, Routine } from '../../kernel/index.ts'
import type { KernelWorld, SmallMachine } from './world.ts'

/** Something that happens to a host: when it begins, and when it goes on after a pause, is up to the outside. */
export interface Event {
  /** A word or two, for the columns of a story. */
  readonly name: string
  readonly routine: Doing
}

/** @param guests those that were launched before; whoever launches one before puts it there */
export type Doing = (kernel: Kernel, guests: Guest[]) => Routine<unknown>

/** A write of the hypervisor to a page, on a CPU. */
export interface Write {
  readonly cpu: CpuId
  readonly page: number
  /** The mapping that it goes through. Default: 4K. */
  readonly mapping?: '4K' | '2M'
}

/** A small host and what happens to it, in every order. */
export interface Scenario {
  readonly name: string
  /** What happens, in one sentence. */
  readonly sentence: string
  /** Why Linux does not let it happen, where it does not: such a scenario is played only by name. */
  readonly notInLinux?: string
  readonly machine: SmallMachine
  /** CPUs online at boot. Default: all. */
  readonly online?: readonly CpuId[]
  /** The hardware as the kernel finds it; done first. */
  readonly found?: (world: KernelWorld) => void
  /** What has happened before, one after the other, to the end, passes too. */
  readonly before?: readonly Doing[]
  /** `whole`: RMPOPT, RMPUPDATE and PSMASH go at once, where what matters is something else. Default: micro-step by micro-step. */
  readonly instructions?: 'micro-steps' | 'whole'
  /** Writes that the hypervisor may make at any time. Default: none. */
  readonly writes?: readonly Write[]
  /** What happens now. */
  readonly events: readonly Event[]
}
