import { Piscina } from 'piscina'
import { UserError } from '../lab/index.ts'
import type { Answer } from './answer.ts'

export interface Pool<Job> {
  /** The module that each thread runs: its default export makes an `Answer` of a job. */
  readonly worker: URL
  readonly threads: number
  readonly jobs: number
  /** What a thread is sent. */
  readonly job: (index: number) => Job
  /** Jobs that are under way or waiting, for each thread. Default: all; fewer keep memory bounded where jobs or outcomes are large. */
  readonly jobsPerThread?: number
  /** MiB for what has just been made, for each thread. Default: Node's. */
  readonly youngGenerationMib?: number
  /** Told what threads say on the way. */
  readonly onMessage?: (message: unknown) => void
}

/**
 * Has threads do jobs, each when one is free, and hands their outcomes on in order of the jobs: how many threads there are does not show. The
 * threads end with the last outcome, with an error, or when nobody wants the next outcome.
 * @throws UserError of the first job, in their order, whose input is wrong
 */
export async function* inOrder<Job, Outcome>(spec: Pool<Job>): AsyncIterable<Outcome> {
  const { worker, threads, jobs, job, jobsPerThread = Number.POSITIVE_INFINITY, youngGenerationMib, onMessage } = spec
  const pool = new Piscina<Job, Answer<Outcome>>({
    filename: worker.href,
    minThreads: threads,
    maxThreads: threads,
    ...(youngGenerationMib === undefined ? {} : { resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMib } }),
  })
  if (onMessage !== undefined) pool.on('message', onMessage)
  try {
    const underWay: Promise<Answer<Outcome>>[] = []
    for (let next = 0, done = 0; done < jobs; done++) {
      for (; next < jobs && underWay.length < threads * jobsPerThread; next++) {
        const answer = pool.run(job(next))
        answer.catch(() => {}) // it is awaited below, in order
        underWay.push(answer)
      }
      const answer = (await underWay.shift()) as Answer<Outcome>
      if ('problem' in answer) throw new UserError(answer.problem)
      yield answer.outcome
    }
  } finally {
    await pool.destroy()
  }
}
