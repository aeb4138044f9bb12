import { checkKernel, Endless, type KernelVerdict, SCENARIOS, type Scenario } from '../check/index.ts'
import type { Policy } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import { isAuthored, withAuthors } from './authors.ts'
import { type PolicyRef, policyFor } from './host-run.ts'

/** How a scenario of the adversary is named in a job: by its name, or as itself (which no worker can be sent). */
export type CheckScenarioRef = string | Scenario

/** One policy in one scenario. */
export interface CellJob {
  readonly policy: PolicyRef
  readonly scenario: CheckScenarioRef
  /** Bytes that its states may take. */
  readonly bytesMax?: number
}

/** Who looks on while a cell is explored. */
export interface CellWatch {
  /** Asked now and then; `true`: what is not finished stays so. */
  readonly shouldStop?: () => boolean
  /** Told when it begins, now and then, and when it has ended. */
  readonly onStates?: (states: number, isDone: boolean) => void
}

/** What is known of every property in one cell: plain data, so that it can be sent from a worker. */
export type CellOutcome = readonly KernelVerdict[]

/** No limit: what states take is limited in bytes. */
const STATES_MAX = 2 ** 30

/**
 * Plays the routines of a policy through every interleaving of a scenario.
 * @throws UserError where what comes from a module fails, or does not end
 */
export function exploreCell({ policy, scenario, bytesMax }: CellJob, { shouldStop, onStates }: CellWatch = {}): CellOutcome {
  onStates?.(0, false)
  const onProgress = ({ states }: { readonly states: number }) => onStates?.(states, false)
  const budget = { statesMax: STATES_MAX, bytesMax, shouldStop, onProgress }
  const verdicts = played(policy, scenario, (spec) => checkKernel(spec, budget))
  onStates?.(verdicts[0].states, true)
  return verdicts
}

/** Does something with a policy in a scenario; what goes wrong is put down to the module that it comes from. */
export function played<T>(
  policy: PolicyRef,
  scenario: CheckScenarioRef,
  work: (spec: { readonly driver: Policy; readonly scenario: Scenario }) => T,
): T {
  const spec = { driver: policyFor(policy), scenario: scenarioFor(scenario) }
  return withAuthors([spec.driver, spec.scenario], 'checked', () => {
    try {
      return work(spec)
    } catch (error) {
      if (!(error instanceof Endless)) throw error
      const isDriver = DRIVER_TASKS.includes(error.who)
      const [author] = (isDriver ? [spec.driver, spec.scenario] : [spec.scenario, spec.driver]).filter(isAuthored)
      const where = `${spec.driver.name} in ${spec.scenario.name}`
      throw new UserError(
        `${author === undefined ? '' : `${author.path}: `}${where}: ${error.message}; let it end, or ask for fewer`,
      )
    }
  })
}

/** The tasks that run the policy's code and nothing else. */
const DRIVER_TASKS: readonly string[] = ['worker', 'kthread']

/** The scenario that a reference stands for. @throws for a name that is none */
export function scenarioFor(ref: CheckScenarioRef): Scenario {
  const found = typeof ref === 'object' ? ref : SCENARIOS.find(({ name }) => name === ref)
  if (found === undefined) throw new Error(`assertion failed: ${ref} is the name of a scenario`)
  return found
}
