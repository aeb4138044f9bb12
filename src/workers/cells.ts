import { availableParallelism } from 'node:os'
import { type Explore, exploreCell } from '../lab/index.ts'
import type { CellNews, SentCell } from './cell-worker.ts'
import { inOrder } from './pool.ts'
import { portableCell } from './portable.ts'

/**
 * Explores cells of a check on so many threads, by default one a core, until a moment at most. Cells do not depend on each other, so the
 * number of threads does not show in the result. Policies and scenarios that cannot be sent to a thread are explored here.
 * @param deadlineMs ms since the epoch
 */
export function exploreOn(threadsWanted = availableParallelism(), deadlineMs = Number.POSITIVE_INFINITY): Explore {
  return async function* (jobs, job, { shouldStop, onStates }) {
    const threads = Math.min(threadsWanted, jobs)
    const cells = Array.from({ length: jobs }, (_, index) => portableCell(job(index)))
    if (threads <= 1 || cells.includes(undefined)) {
      const stop = () => Date.now() >= deadlineMs || shouldStop?.() === true
      for (let index = 0; index < jobs; index++)
        yield exploreCell(job(index), { shouldStop: stop, onStates: (...of) => onStates?.(index, ...of) })
      return
    }
    yield* inOrder({
      worker: new URL('./cell-worker.js', import.meta.url),
      threads,
      jobs,
      job: (index): SentCell => ({ ...cells[index]!, index, deadlineMs }),
      onMessage: (news) => {
        const { index, states, isDone } = news as CellNews
        onStates?.(index, states, isDone)
      },
    })
  }
}
