import type { Unfinished } from './model.ts'

/** What an exploration may use up, and who is told how far it is. There is no clock inside: a time limit is the caller's. */
export interface Budget {
  /** States kept. Default: 50 million. */
  readonly statesMax?: number
  /** Bytes of the tables that hold them. Default: 2 GiB. */
  readonly bytesMax?: number
  /** Asked every few thousand states; `true` ends the exploration. */
  readonly shouldStop?: () => boolean
  /** Told every few thousand states. */
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly states: number
  readonly steps: number
  /** Steps from an initial state. */
  readonly depth: number
  readonly bytes: number
}

/** How often the budget is looked at, in states: a power of two. */
export const LOOK_EVERY = 4096

/** @returns why to stop, if there is a reason */
export function usedUp(budget: Budget, progress: Progress): Unfinished | undefined {
  budget.onProgress?.(progress)
  if (progress.states >= (budget.statesMax ?? STATES_MAX)) return 'states'
  if (progress.bytes >= (budget.bytesMax ?? BYTES_MAX)) return 'bytes'
  return budget.shouldStop?.() ? 'stopped' : undefined
}

const STATES_MAX = 50e6
const BYTES_MAX = 2 ** 31
