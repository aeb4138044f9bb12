import type { HostJob, LoadedPolicy, PolicyRef, PolicySpec } from '../lab/index.ts'

/** A policy by what can be sent to a worker: name, axes, or the address of a module. */
export type PortablePolicy = string | PolicySpec | Pick<LoadedPolicy, 'module' | 'path'>

export interface PortableJob extends Omit<HostJob, 'trials'> {
  readonly trials: readonly (Omit<HostJob['trials'][number], 'policy'> & { readonly policy: PortablePolicy })[]
}

/** The job as it can be sent; `undefined`: one of its policies is made of functions that nobody else can load. */
export function portable(job: HostJob): PortableJob | undefined {
  const trials = job.trials.flatMap(({ policy, costs }) => {
    const sent = portablePolicy(policy)
    return sent === undefined ? [] : [{ policy: sent, costs }]
  })
  return trials.length < job.trials.length ? undefined : { ...job, trials }
}

function portablePolicy(policy: PolicyRef): PortablePolicy | undefined {
  if (typeof policy === 'string' || !('keptBytes' in policy)) return policy
  if (!isModule(policy)) return undefined
  const { module, path } = policy as LoadedPolicy
  return { module, path }
}

export function isModule<T extends PolicyRef | PortablePolicy>(policy: T): policy is Extract<T, { module: string }> {
  return typeof policy === 'object' && 'module' in policy
}
