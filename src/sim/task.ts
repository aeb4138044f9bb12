import type { CpuId, Ns } from '../arch/index.ts'
import type { DelayedWork, Op, Routine } from '../kernel/index.ts'
import type { Pass } from './tally.ts'

/** Something that happens at a time. */
export interface Happening {
  atNs: Ns
  /** Order of what happens at the same time: as it was asked for. */
  order: number
}

/** A routine on its way: a kernel thread, a worker, a vCPU thread in KVM. It happens when its operation in flight is over. */
export interface Task extends Happening {
  readonly kind: 'task'
  readonly id: number
  readonly routine: Routine<unknown>
  /** CPU it runs on. */
  cpu: CpuId
  /** What to do when the operation in flight has taken its time; returns the answer to it. */
  complete: (() => unknown) | undefined
  /** It waits for its turn on its CPU; then this begins what it is to do there. */
  begin: (() => void) | undefined
  /** Time that interrupts have taken from the operation in flight and that is not yet part of its end. */
  stolenNs: Ns
  /** Depth of `migrate_disable`. */
  pinned: number
  /** How many routines it stands for that do the same, one after the other: RMPOPT takes so many times its time. */
  readonly times: number
  /** The pass that it makes. */
  pass: Pass | undefined
  /** CPU time of RMPOPT since its last reschedule point. */
  stretchNs: Ns
  /** The work item that it runs, if it is a worker. */
  readonly work: DelayedWork | undefined
  /** Steps that are played without the routine. */
  player: Playing | undefined
}

/** A loop in the middle of being played without its generator. */
export interface Playing {
  readonly player: Player
  next: number
  readonly end: number
}

/**
 * Plays the steps of one kind of loop without running its generator, in the same simulated time and to the same effect.
 * A step is begun, takes its time, and is finished; other events may come in between.
 */
export interface Player {
  /** Begins the step at `index`. @returns how long it takes; -1: this one has to be played by the routine */
  begin(index: number, end: number): Ns
  /** @returns the index of the next step */
  finish(): number
  /**
   * Plays the step at `index` if it changes nothing and is over in less than `budgetNs`.
   * @returns how long it took; -1: it is not so, and nothing was done
   */
  coast?(index: number, budgetNs: Ns): Ns
  /** Plays as many steps from `index` on as change nothing and take `alikeNs` each, all over in less than `budgetNs`. @returns how many */
  coastAlike?(index: number, end: number, budgetNs: Ns): number
  readonly alikeNs?: Ns
}

/** A timer: happens once. */
export interface Timer extends Happening {
  readonly kind: 'timer'
  readonly fire: () => void
}

export type OpOf<Name extends Op['op']> = Extract<Op, { op: Name }>
