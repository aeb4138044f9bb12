import { KERNEL_QUESTIONS, SCENARIOS, type Scenario } from '../check/index.ts'
import { isAuthored } from './authors.ts'
import { type CellJob, type CellOutcome, exploreCell, scenarioFor } from './check-cell.ts'
import { type CheckInput, checkPlan, nameOf } from './check-input.ts'
import type { CheckCell, CheckedPolicy, CheckedScenario, CheckResult } from './check-result.ts'
import type { PolicyRef } from './host-run.ts'

export interface CheckHooks {
  /** Bytes that the states of one policy in one scenario may take. */
  readonly bytesMax?: number
  /** Told when a cell (a policy in a scenario) begins, now and then, and when it has ended. */
  readonly onProgress?: (progress: CheckProgress) => void
  /** Asked now and then where cells are explored here; `true`: what is not finished stays so. */
  readonly shouldStop?: () => boolean
  /** Who explores the cells; the default does it here, one after the other. Outcomes come in order of the jobs. */
  readonly explore?: Explore
}

export type Explore = (
  jobs: number,
  job: (index: number) => CellJob,
  watch: CellsWatch,
) => AsyncIterable<CellOutcome> | Iterable<CellOutcome>

/** Who looks on while cells are explored: as of one, each by its number. */
export interface CellsWatch {
  readonly shouldStop?: () => boolean
  readonly onStates?: (index: number, states: number, isDone: boolean) => void
}

/** How far one of the cells is. */
export interface CheckProgress {
  readonly index: number
  /** All cells, in their order. */
  readonly cells: readonly { readonly policy: string; readonly scenario: string }[]
  /** States visited in this one. */
  readonly states: number
  readonly isDone: boolean
}

/**
 * Plays the routines of policies through every interleaving of small scenarios, and says which properties hold.
 * @throws UserError for a name that there is not, and for what comes from a module and fails
 */
export async function check(input: CheckInput = {}, hooks: CheckHooks = {}): Promise<CheckResult> {
  const { policies, scenarios, properties } = checkPlan(input)
  const { bytesMax, shouldStop, onProgress, explore = exploreHere } = hooks
  const jobs = policies.flatMap((policy) => scenarios.map((scenario): CellJob => ({ policy, scenario, bytesMax })))
  const cells = jobs.map(({ policy, scenario }) => ({ policy: nameOf(policy), scenario: nameOf(scenario) }))
  const onStates: CellsWatch['onStates'] = (index, states, isDone) => onProgress?.({ index, cells, states, isDone })
  const results: CheckCell[] = []
  let index = 0
  for await (const verdicts of explore(jobs.length, (at) => jobs[at], { shouldStop, onStates })) {
    const cell = cells[index++]
    for (const { property, verdict, states, ...rest } of verdicts) {
      if (!properties.some(({ name }) => name === property)) continue
      const steps = rest.trace === undefined ? {} : { steps: rest.trace.length }
      results.push({ ...cell, property, verdict, states, ...steps, ...rest })
    }
  }
  return {
    schema: 'rmpopt.check/1',
    holds: results.every(({ verdict }) => verdict !== 'fails'),
    policies: policies.map(sourceOf),
    scenarios: scenarios.map((scenario) => described(scenarioFor(scenario))),
    properties: properties.map(({ name, sentence }) => ({ name, sentence })),
    results,
  }
}

/** What there is to be asked, by name: what it says, in one sentence each. */
export function checkQuestions(): Pick<CheckResult, 'scenarios' | 'properties'> {
  return {
    scenarios: SCENARIOS.map(described),
    properties: KERNEL_QUESTIONS.map(({ name, sentence }) => ({ name, sentence })),
  }
}

function* exploreHere(...[jobs, job, { shouldStop, onStates }]: Parameters<Explore>): Iterable<CellOutcome> {
  for (let index = 0; index < jobs; index++)
    yield exploreCell(job(index), { shouldStop, onStates: (states, isDone) => onStates?.(index, states, isDone) })
}

function described(scenario: Scenario): CheckedScenario {
  const { name, sentence, notInLinux } = scenario
  const why = notInLinux === undefined ? '' : ` Not in Linux, and played only by name: ${notInLinux}.`
  return { name, sentence: `${sentence}${why}`, ...(isAuthored(scenario) ? { path: scenario.path } : {}) }
}

function sourceOf(policy: PolicyRef): CheckedPolicy {
  if (typeof policy === 'string') return { name: policy }
  const { name } = policy
  if (isAuthored(policy)) return { name, path: policy.path }
  return 'keptBytes' in policy ? { name } : { name, point: policy }
}
