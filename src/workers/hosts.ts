import { availableParallelism } from 'node:os'
import { type RunHooks, runHost } from '../lab/index.ts'
import { inOrder } from './pool.ts'
import { type PortableJob, portable } from './portable.ts'

/** Enough to keep a thread busy, few enough to keep memory bounded. */
const JOBS_PER_THREAD = 2

/** Large enough that what lives for a moment dies young: a run takes a tenth to a fifth less time than with Node's default. */
const YOUNG_GENERATION_MIB = 192

/**
 * Simulates hosts on so many threads, by default one a core. Hosts do not depend on each other, so the number of threads does not show
 * in the result. Policies that cannot be sent to a thread are tried here.
 */
export function simulateOn(threadsWanted = availableParallelism()): NonNullable<RunHooks['simulate']> {
  return async function* (jobs, job) {
    const threads = Math.min(threadsWanted, jobs)
    if (threads === 1 || portable(job(0)) === undefined) {
      for (let index = 0; index < jobs; index++) yield runHost(job(index))
      return
    }
    yield* inOrder({
      worker: new URL('./host-worker.js', import.meta.url),
      threads,
      jobs,
      job: (index) => portable(job(index)) as PortableJob,
      jobsPerThread: JOBS_PER_THREAD,
      youngGenerationMib: YOUNG_GENERATION_MIB,
    })
  }
}
