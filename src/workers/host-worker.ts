import { loadPolicy } from '../files/index.ts'
import { type HostOutcome, type PolicyRef, runHost } from '../lab/index.ts'
import { type Answer, answered } from './answer.ts'
import { isModule, type PortableJob } from './portable.ts'

/** What a thread that simulates hosts runs. */
export default function work(job: PortableJob): Promise<Answer<HostOutcome>> {
  return answered(async () => {
    const trials = job.trials.map(async ({ policy, costs }) => ({
      costs,
      policy: isModule(policy) ? await loadPolicy(policy.module, policy.path) : (policy as PolicyRef),
    }))
    return runHost({ ...job, trials: await Promise.all(trials) })
  })
}
