import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { type HostJob, type HostOutcome, type RunHooks, runHost } from '../lab/index.ts'

/** Jobs that are under way or waiting, for each thread: enough to keep it busy, few enough to keep memory bounded. */
const JOBS_PER_THREAD = 2

/** Large enough that what lives for a moment dies young: a run takes a tenth to a fifth less time than with Node's default. */
const YOUNG_GENERATION_MIB = 192

/**
 * Simulates hosts on all cores. Hosts do not depend on each other and outcomes are handed on in order of the jobs, so the
 * number of threads does not show in the result.
 */
export const simulateOnWorkers: NonNullable<RunHooks['simulate']> = async function* (jobs, job) {
  if (jobs === 1) {
    yield runHost(job(0))
    return
  }
  const threads = Math.min(availableParallelism(), jobs)
  const pool = new Piscina<HostJob, HostOutcome>({
    filename: new URL('./host-worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  })
  try {
    const underWay: Promise<HostOutcome>[] = []
    for (let next = 0, done = 0; done < jobs; done++) {
      for (; next < jobs && underWay.length < threads * JOBS_PER_THREAD; next++) {
        const outcome = pool.run(job(next))
        outcome.catch(() => {}) // it is awaited below, in order
        underWay.push(outcome)
      }
      yield (await underWay.shift()) as HostOutcome
    }
  } finally {
    await pool.destroy()
  }
}
