import { parentPort } from 'node:worker_threads'
import { loadCheckScenarios, loadPolicy } from '../files/index.ts'
import { type CellOutcome, type CheckScenarioRef, exploreCell, type PolicyRef } from '../lab/index.ts'
import { type Answer, answered } from './answer.ts'
import { isModule, type PortableCell, type PortablePolicy, type PortableScenario } from './portable.ts'

export interface SentCell extends PortableCell {
  readonly index: number
  /** When to stop, ms since the epoch. */
  readonly deadlineMs: number
}

/** What a thread says of a cell on the way. */
export interface CellNews {
  readonly index: number
  readonly states: number
  readonly isDone: boolean
}

/** What a thread that explores cells runs. */
export default function work({ index, deadlineMs, policy, scenario, bytesMax }: SentCell): Promise<Answer<CellOutcome>> {
  return answered(async () => {
    const job = { policy: await policyAt(policy), scenario: await scenarioAt(scenario), bytesMax }
    return exploreCell(job, {
      shouldStop: () => Date.now() >= deadlineMs,
      onStates: (states, isDone) => parentPort?.postMessage({ index, states, isDone } satisfies CellNews),
    })
  })
}

async function policyAt(policy: PortablePolicy): Promise<PolicyRef> {
  return isModule(policy) ? loadPolicy(policy.module, policy.path) : (policy as PolicyRef)
}

async function scenarioAt(scenario: PortableScenario): Promise<CheckScenarioRef> {
  if (!isModule(scenario)) return scenario as string
  const all = await loadCheckScenarios(scenario.module, scenario.path)
  return all.find(({ name }) => name === scenario.name)!
}
