import { loadPolicy } from '../files/index.ts'
import { type HostOutcome, type PolicyRef, runHost } from '../lab/index.ts'
import { isModule, type PortableJob } from './portable.ts'

/** What a worker thread runs. */
export default async function work(job: PortableJob): Promise<HostOutcome> {
  const trials = job.trials.map(async ({ policy, costs }) => ({
    costs,
    policy: isModule(policy) ? await loadPolicy(policy.module) : (policy as PolicyRef),
  }))
  return runHost({ ...job, trials: await Promise.all(trials) })
}
