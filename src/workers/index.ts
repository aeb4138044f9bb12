import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { type HostJob, type HostOutcome, type RunHooks, runHost, UserError } from '../lab/index.ts'
import type { Answer } from './host-worker.ts'
import { type PortableJob, portable } from './portable.ts'

/** Jobs that are under way or waiting, for each thread: enough to keep it busy, few enough to keep memory bounded. */
const JOBS_PER_THREAD = 2

/** Large enough that what lives for a moment dies young: a run takes a tenth to a fifth less time than with Node's default. */
const YOUNG_GENERATION_MIB = 192

/**
 * Simulates hosts on so many threads, by default one a core. Hosts do not depend on each other and outcomes are handed on
 * in order of the jobs, so the number of threads does not show in the result. Policies that cannot be sent to a thread are tried here.
 */
export function simulateOn(threadsWanted = availableParallelism()): NonNullable<RunHooks['simulate']> {
  return async function* (jobs, job) {
    const threads = Math.min(threadsWanted, jobs)
    if (threads === 1 || portable(job(0)) === undefined) {
      for (let index = 0; index < jobs; index++) yield runHost(job(index))
    } else yield* onPool(threads, jobs, job)
  }
}

async function* onPool(threads: number, jobs: number, job: (index: number) => HostJob): AsyncIterable<HostOutcome> {
  const pool = new Piscina<PortableJob, Answer>({
    filename: new URL('./host-worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  })
  try {
    const underWay: Promise<Answer>[] = []
    for (let next = 0, done = 0; done < jobs; done++) {
      for (; next < jobs && underWay.length < threads * JOBS_PER_THREAD; next++) {
        const answer = pool.run(portable(job(next)) as PortableJob)
        answer.catch(() => {}) // it is awaited below, in order
        underWay.push(answer)
      }
      const answer = (await underWay.shift()) as Answer
      if ('problem' in answer) throw new UserError(answer.problem)
      yield answer.outcome
    }
  } finally {
    await pool.destroy()
  }
}
