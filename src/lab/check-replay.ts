import { replayKernel, SCENARIOS, type Scenario } from '../check/index.ts'
import { UserError } from '../workload/index.ts'
import { played } from './check-cell.ts'
import { checkDocument } from './check-document.ts'
import { policyMeant } from './check-input.ts'
import type { CheckCell, CheckedPolicy, CheckedScenario, CheckResult } from './check-result.ts'
import type { PolicyRef } from './host-run.ts'
import type { LoadedScenario } from './scenario-module.ts'

/** Who reads the modules that a document names. */
export interface ReplaySources {
  readonly policy: (path: string) => Promise<PolicyRef>
  readonly scenarios: (path: string) => Promise<readonly LoadedScenario[]>
}

/**
 * Plays the runs of a result again.
 * @param text a document that `rmpopt check --json` or `--out` has written
 * @throws UserError where it is no such document, or a run cannot be played any more
 */
export async function checkReplayed(path: string, text: string, sources: ReplaySources): Promise<CheckResult> {
  const document = checkDocument(path, text)
  const results: CheckCell[] = []
  const policies = onceEach((name) => policyOf(document.policies.find((one) => one.name === name)!, path, sources))
  const scenarios = onceEach((name) => scenarioOf(document.scenarios.find((one) => one.name === name)!, path, sources))
  for (const cell of document.results) {
    if (cell.trace === undefined) results.push(cell)
    else results.push(replayed(cell, cell.trace, await policies(cell.policy), await scenarios(cell.scenario), path))
  }
  return { ...document, holds: results.every(({ verdict }) => verdict !== 'fails'), results }
}

function replayed(
  cell: CheckCell,
  trace: NonNullable<CheckCell['trace']>,
  policy: PolicyRef,
  scenario: Scenario,
  path: string,
): CheckCell {
  const actions = trace.map(({ action }) => action)
  const again = played(policy, scenario, (spec) => replayKernel(spec, actions))
  const run = `${path}: the run against ${cell.property} of ${cell.policy} in ${cell.scenario}`
  if (again === undefined) throw new UserError(`${run} cannot be played; check it again`)
  if (!again.broken.includes(cell.property)) throw new UserError(`${run} does not break it; check it again`)
  return { ...cell, steps: trace.length, start: again.start, trace: again.trace }
}

async function policyOf({ name, path, point }: CheckedPolicy, document: string, sources: ReplaySources): Promise<PolicyRef> {
  if (point !== undefined) return point
  if (path === undefined) return policyMeant(name, document)
  const policy = await read(name, document, () => sources.policy(path))
  if (typeof policy === 'object' && policy.name === name) return policy
  throw new UserError(`${path}: holds no policy ${name}, which ${document} has runs of; check it again`)
}

async function scenarioOf({ name, path }: CheckedScenario, document: string, sources: ReplaySources): Promise<Scenario> {
  const among = path === undefined ? SCENARIOS : await read(name, document, () => sources.scenarios(path))
  const found = among.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new UserError(
    path === undefined
      ? `${document}: there is no scenario ${name}, which it has runs in; check it again`
      : `${path}: holds no scenario ${name}, which ${document} has runs in; check it again`,
  )
}

async function read<T>(name: string, document: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${document} has runs with ${name}, of ${error.message}`) : error
  }
}

/** By name; what was found once is not looked for again. */
function onceEach<T>(find: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const found = new Map<string, Promise<T>>()
  return (name) => {
    if (!found.has(name)) found.set(name, find(name))
    return found.get(name)!
  }
}
