import type { CellJob, CheckScenarioRef, HostJob, LoadedPolicy, LoadedScenario, PolicyRef, PolicySpec } from '../lab/index.ts'

/** A policy by what can be sent to a worker: name, axes, or the address of a module. */
export type PortablePolicy = string | PolicySpec | Pick<LoadedPolicy, 'module' | 'path'>

export interface PortableJob extends Omit<HostJob, 'trials'> {
  readonly trials: readonly (Omit<HostJob['trials'][number], 'policy'> & { readonly policy: PortablePolicy })[]
}

/** A scenario of the adversary by its name, alone or in a module. */
export type PortableScenario = string | Pick<LoadedScenario, 'module' | 'path' | 'name'>

export interface PortableCell extends Omit<CellJob, 'policy' | 'scenario'> {
  readonly policy: PortablePolicy
  readonly scenario: PortableScenario
}

/** The job as it can be sent; `undefined`: its policy or scenario is made of functions that nobody else can load. */
export function portableCell({ policy, scenario, bytesMax }: CellJob): PortableCell | undefined {
  const sent = { policy: portablePolicy(policy), scenario: portableScenario(scenario) }
  if (sent.policy === undefined || sent.scenario === undefined) return undefined
  return { policy: sent.policy, scenario: sent.scenario, bytesMax }
}

function portableScenario(scenario: CheckScenarioRef): PortableScenario | undefined {
  if (typeof scenario === 'string') return scenario
  if (!('module' in scenario)) return undefined
  const { module, path, name } = scenario as LoadedScenario
  return { module, path, name }
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

export function isModule<T extends PortablePolicy | PolicyRef | PortableScenario>(
  thing: T,
): thing is Extract<T, { module: string }> {
  return typeof thing === 'object' && 'module' in thing
}
