import type { CpuId, Ns, Pfn, RegionIndex, RmpReadForm } from '../arch/index.ts'
import type { FirmwareCommand, FirmwareStatus, IndexSet, Instruction, Outcomes } from '../machine/index.ts'
import type { Loop } from './loop.ts'
import type { DelayedWork, KThread, Lock } from './sync.ts'

/**
 * What host software asks of whoever drives it. Each operation is atomic to the adversary and takes time on the clock;
 * between two operations any other CPU may go.
 */
export type Op =
  /** An instruction on the CPU that runs the routine. */
  | { readonly op: 'execute'; readonly instruction: Instruction }
  /** The same RMPUPDATE for `pages` consecutive 4 KiB pages of one huge page, guest pages counting along. */
  | { readonly op: 'rmpupdate-run'; readonly instruction: Rmpupdate; readonly pages: number }
  /** SNP_LAUNCH_UPDATE for `pages` consecutive 4 KiB pages of one huge page. */
  | { readonly op: 'launch-update-run'; readonly command: LaunchUpdate; readonly pages: number }
  /** A function run in interrupt context on every CPU of the mask, the local one by a direct call; waits for all of them. */
  | { readonly op: 'on-each-cpu'; readonly mask: IndexSet; readonly fn: IpiFunction }
  /** A command to the security processor; the caller sleeps until it is answered. */
  | { readonly op: 'firmware'; readonly command: FirmwareCommand }
  | { readonly op: 'smp-processor-id' }
  /** A synchronous cross call to a task on another CPU (`smp_call_on_cpu`), or its end: what follows runs there. */
  | { readonly op: 'move-to-cpu'; readonly cpu: CpuId }
  /** A point where the scheduler may put another task on this CPU. */
  | { readonly op: 'cond-resched' }
  | { readonly op: 'migrate-disable' }
  | { readonly op: 'migrate-enable' }
  /** From here on, until the other: atomic context, in which nothing may sleep (softirq, spinlock held) [K]. */
  | { readonly op: 'preempt-disable' }
  | { readonly op: 'preempt-enable' }
  /** Waits until no task with migration disabled is left on a CPU. */
  | { readonly op: 'wait-unpinned'; readonly cpu: CpuId }
  | { readonly op: 'lock'; readonly lock: Lock; readonly how: 'exclusive' | 'shared' }
  | { readonly op: 'unlock'; readonly lock: Lock; readonly how: 'exclusive' | 'shared' }
  /** `queue_delayed_work` (keep: a pending item stays as it is) and `mod_delayed_work` (restart: the timer starts anew). */
  | { readonly op: 'delay-work'; readonly work: DelayedWork; readonly delayNs: Ns; readonly ifPending: 'keep' | 'restart' }
  | { readonly op: 'cancel-work-sync'; readonly work: DelayedWork }
  | { readonly op: 'kthread-run'; readonly thread: KThread }
  /** `set_current_state(TASK_INTERRUPTIBLE)`: from now on `schedule` will sleep, unless somebody wakes the thread before. */
  | { readonly op: 'set-sleeping'; readonly thread: KThread }
  /** `schedule` of a kernel thread: sleeps until woken if its state is sleeping, else goes on. */
  | { readonly op: 'schedule'; readonly thread: KThread }
  /** Leaves no trace on a thread that has not set its state [K]. */
  | { readonly op: 'wake-up-process'; readonly thread: KThread }
  | { readonly op: 'sleep-until'; readonly atNs: Ns }
  /** A load of the raw RMP entry of a page: what CPUs without RMPREAD leave to software. */
  | { readonly op: 'load-rmp-entry'; readonly pfn: Pfn }
  /** How many pages from `pfn` on, at most `pages`, all have Assigned as asked for; the look-ups are part of what follows. */
  | { readonly op: 'count-rmp-run'; readonly pfn: Pfn; readonly pages: number; readonly assigned: boolean }
  /** Zeroes the RMP, through its mapping: everything is the hypervisor's. */
  | { readonly op: 'clear-rmp' }
  /** CPU time that changes nothing in the machine. */
  | { readonly op: 'cpu-time'; readonly what: CpuWork; readonly times: number }
  /** A loop of like steps that the driver may play some of by itself; it answers with the index to go on from. */
  | { readonly op: 'play'; readonly loop: Loop; readonly next: number; readonly end: number }

export type Rmpupdate = Extract<Instruction, { name: 'RMPUPDATE' }>
export type LaunchUpdate = Extract<FirmwareCommand, { name: 'SNP_LAUNCH_UPDATE' }>

/**
 * What an IPI may have run: one instruction, the kernel's `msr_set_bit` (read, or, write), or RMPOPT(verify) of several regions
 * one after the other.
 */
export type IpiFunction =
  | Instruction
  | { readonly name: 'msr_set_bit'; readonly msr: number; readonly bits: bigint }
  | { readonly name: 'rmpopt_regions'; readonly first: RegionIndex; readonly end: RegionIndex }

/** Kinds of CPU time, priced by the clock. */
export type CpuWork = 'clear 4K page' | 'clear 2M page' | 'free 4K folio' | 'free 2M folio'

/** What came back from a function run on many CPUs. */
export interface IpiOutcome {
  /** CPUs on which CF was 1; of several regions: each time. */
  readonly carry: IndexSet
  /** CPUs on which it faulted. */
  readonly faulted: IndexSet
}

/** Host software: a generator of operations whose local state depends on nothing but the answers it was given. */
export type Routine<T> = Generator<Op, T, unknown>

/** For parts of a driver that it does not have. */
export function* nothing(): Routine<void> {}

export function* execute<I extends Instruction>(instruction: I): Routine<Outcomes[I['name']]> {
  return (yield { op: 'execute', instruction }) as Outcomes[I['name']]
}

export function* onEachCpuMask(mask: IndexSet, fn: IpiFunction): Routine<IpiOutcome> {
  return (yield { op: 'on-each-cpu', mask, fn }) as IpiOutcome
}

export function* firmware(command: FirmwareCommand): Routine<FirmwareStatus> {
  return (yield { op: 'firmware', command }) as FirmwareStatus
}

export function* smpProcessorId(): Routine<CpuId> {
  return (yield { op: 'smp-processor-id' }) as CpuId
}

export function* moveToCpu(cpu: CpuId): Routine<void> {
  yield { op: 'move-to-cpu', cpu }
}

export function* condResched(): Routine<void> {
  yield { op: 'cond-resched' }
}

export function* sleepUntil(atNs: Ns): Routine<void> {
  yield { op: 'sleep-until', atNs }
}

export function* loadRmpEntry(pfn: Pfn): Routine<RmpReadForm> {
  return (yield { op: 'load-rmp-entry', pfn }) as RmpReadForm
}

export function* countRmpRun(pfn: Pfn, pages: number, assigned: boolean): Routine<number> {
  return (yield { op: 'count-rmp-run', pfn, pages, assigned }) as number
}

/** @returns how many of the updates succeeded */
export function* rmpupdateRun(instruction: Rmpupdate, pages: number): Routine<number> {
  return (yield { op: 'rmpupdate-run', instruction, pages }) as number
}

/** @returns SUCCESS, or the first other status */
export function* launchUpdateRun(command: LaunchUpdate, pages: number): Routine<FirmwareStatus> {
  return (yield { op: 'launch-update-run', command, pages }) as FirmwareStatus
}

export function* cpuTime(what: CpuWork, times = 1): Routine<void> {
  yield { op: 'cpu-time', what, times }
}

export function* lock(on: Lock, how: 'exclusive' | 'shared' = 'exclusive'): Routine<void> {
  yield { op: 'lock', lock: on, how }
}

export function* unlock(on: Lock, how: 'exclusive' | 'shared' = 'exclusive'): Routine<void> {
  yield { op: 'unlock', lock: on, how }
}

/** Holds a lock around a routine. */
export function* holding<T>(on: Lock, how: 'exclusive' | 'shared', body: Routine<T>): Routine<T> {
  yield* lock(on, how)
  const result = yield* body
  yield* unlock(on, how)
  return result
}
