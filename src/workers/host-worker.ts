import { loadPolicy } from '../files/index.ts'
import { type HostOutcome, type PolicyRef, runHost, UserError } from '../lab/index.ts'
import { isModule, type PortableJob } from './portable.ts'

/** What comes back: an outcome, or what is wrong with the input, since an error loses its class on the way. */
export type Answer = { readonly outcome: HostOutcome } | { readonly problem: string }

/** What a worker thread runs. */
export default async function work(job: PortableJob): Promise<Answer> {
  try {
    const trials = job.trials.map(async ({ policy, costs }) => ({
      costs,
      policy: isModule(policy) ? await loadPolicy(policy.module, policy.path) : (policy as PolicyRef),
    }))
    return { outcome: runHost({ ...job, trials: await Promise.all(trials) }) }
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message }
    throw error
  }
}
