import type { RegionIndex } from '../arch/index.ts'
import type { IndexSet } from '../machine/index.ts'
import type { Guest } from './guest.ts'
import type { Extent } from './memory/index.ts'
import type { Routine } from './ops.ts'

/**
 * What the steps of a loop do, for a driver that can play such steps without running the generator. Index: a region for
 * the RMPOPT loops, a guest page for the others. What a step may find of those before it is in here, and nowhere else: a driver
 * can enter a loop anywhere.
 */
export type Loop =
  /** RMPOPT(verify) on this CPU, then perhaps a reschedule point; regions that succeed are put into `successes`. */
  | { readonly name: 'rmpopt'; readonly reschedules?: boolean; readonly successes?: Set<RegionIndex> }
  /** The same on every CPU of the mask, by one broadcast that waits; a region succeeds when it does on all of them. */
  | {
      readonly name: 'rmpopt-mask'
      readonly mask: IndexSet
      readonly reschedules?: boolean
      readonly successes?: Set<RegionIndex>
    }
  /** Making guest memory private, folio by folio. */
  | { readonly name: 'gmem-prepare'; readonly guest: Guest }
  /** Making guest memory shared again, folio by folio; what cannot be is put into `leaked`. */
  | { readonly name: 'gmem-invalidate'; readonly guest: Guest; readonly leaked: Extent[] }

/**
 * Runs `step` from `from` until `end`. Before each step the driver is asked: the adversary always answers "play it", the
 * clock may play any number of steps itself, in the same simulated time and to the same effect.
 * @param step takes the index, returns the next one
 */
export function* playLoop(loop: Loop, from: number, end: number, step: (index: number) => Routine<number>): Routine<void> {
  for (let index = from; index < end; ) {
    index = (yield { op: 'play', loop, next: index, end }) as number
    if (index < end) index = yield* step(index)
  }
}
