import {
  checkKernel,
  type Fact,
  KERNEL_QUESTIONS,
  type KernelVerdict,
  replayKernel,
  SCENARIOS,
  type StoryStep,
} from '../check/index.ts'
import { policyNamed } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import { nearest } from './nearest.ts'

/** What to check, by name; nothing: all there is. */
export interface CheckInput {
  readonly policies?: readonly string[]
  readonly scenarios?: readonly string[]
  readonly properties?: readonly string[]
}

export interface CheckHooks {
  /** Bytes that the states of one policy in one scenario may take. */
  readonly bytesMax?: number
  /** Asked now and then; `true`: what is not finished stays so. */
  readonly shouldStop?: () => boolean
  /** Told before each policy in each scenario. */
  readonly onCell?: (policy: string, scenario: string) => void
}

/** What came of one property of one policy in one scenario. */
export interface CheckCell {
  readonly policy: string
  readonly scenario: string
  readonly property: string
  readonly verdict: KernelVerdict['verdict']
  /** States visited. */
  readonly states: number
  /** Of a property that fails, the length of the shortest run that breaks it, where it starts, and the run. */
  readonly steps?: number
  readonly start?: readonly Fact[]
  readonly trace?: readonly StoryStep[]
  /** Where the run goes on for ever, its first step that comes again and again, counted from 0. */
  readonly repeatsFrom?: number
  /** Of a deadlock, who waits for what. */
  readonly stuck?: readonly string[]
}

/** `rmpopt check --json`. */
export interface CheckResult {
  readonly schema: 'rmpopt.check/1'
  /** Whether no property was seen to fail. */
  readonly holds: boolean
  /** The scenarios and properties that were asked for, and what they say. */
  readonly scenarios: readonly { readonly name: string; readonly sentence: string }[]
  readonly properties: readonly { readonly name: string; readonly sentence: string }[]
  readonly results: readonly CheckCell[]
}

/** The published revisions. */
export const REVISIONS: readonly string[] = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9', 'v10']

/**
 * Plays a policy's routines through every interleaving of small scenarios, and says which properties hold.
 * @throws UserError for a name that there is not
 */
export function check(input: CheckInput = {}, hooks: CheckHooks = {}): CheckResult {
  const policies = input.policies ?? ['v10']
  for (const name of policies) if (policyNamed(name) === undefined) throw unknown('--policy', name, REVISIONS)
  const scenarios = chosen('--scenario', input.scenarios, SCENARIOS)
  const properties = chosen('--property', input.properties, KERNEL_QUESTIONS)
  const results = policies.flatMap((policy) =>
    scenarios.flatMap((scenario) => {
      hooks.onCell?.(policy, scenario.name)
      const verdicts = checkKernel({ scenario, driver: policyNamed(policy)! }, hooks)
      return verdicts.filter(isAmong(properties)).map(({ property, verdict, states, start, trace, stuck }): CheckCell => {
        const failure =
          trace === undefined ? {} : { steps: trace.length, start, trace, ...(stuck === undefined ? {} : { stuck }) }
        return { policy, scenario: scenario.name, property, verdict, states, ...failure }
      })
    }),
  )
  const named = ({ name, sentence }: { name: string; sentence: string }) => ({ name, sentence })
  return {
    schema: 'rmpopt.check/1',
    holds: results.every(({ verdict }) => verdict !== 'fails'),
    scenarios: scenarios.map(named),
    properties: properties.map(named),
    results,
  }
}

/**
 * Plays the runs of a result again.
 * @param text a document that `rmpopt check --json` or `--out` has written
 * @throws UserError where it is no such document, or a run cannot be played any more
 */
export function checkReplayed(path: string, text: string): CheckResult {
  const document = parsed(path, text)
  const results = document.results.map((cell): CheckCell => {
    if (cell.trace === undefined) return cell
    const [scenario] = chosen(path, [cell.scenario], SCENARIOS)
    const driver = policyNamed(cell.policy)
    if (driver === undefined) throw unknown(path, cell.policy, REVISIONS)
    const again = replayKernel(
      { scenario, driver },
      cell.trace.map((step) => step?.action ?? -1),
    )
    const run = `${path}: the run against ${cell.property} of ${cell.policy} in ${cell.scenario}`
    if (again === undefined) throw new UserError(`${run} cannot be played; check it again`)
    if (!again.broken.includes(cell.property)) throw new UserError(`${run} does not break it; check it again`)
    return { ...cell, start: again.start, trace: again.trace }
  })
  return { ...document, results }
}

function parsed(path: string, text: string): CheckResult {
  let document: Partial<CheckResult> | null
  try {
    document = JSON.parse(text)
  } catch {
    document = null
  }
  if (document?.schema === 'rmpopt.check/1' && Array.isArray(document.results) && document.results.every(isCell))
    return document as CheckResult
  throw new UserError(`${path}: this is no result of rmpopt check; give a file that --out has written`)
}

function isCell(cell: Partial<CheckCell> | null): boolean {
  const { policy, scenario, property, trace } = cell ?? {}
  return [policy, scenario, property].every((name) => typeof name === 'string') && (trace === undefined || Array.isArray(trace))
}

function isAmong(properties: readonly { readonly name: string }[]): (verdict: { readonly property: string }) => boolean {
  return ({ property }) => properties.some(({ name }) => name === property)
}

function chosen<T extends { readonly name: string }>(
  flag: string,
  names: readonly string[] | undefined,
  all: readonly T[],
): readonly T[] {
  return (
    names?.map((name) => {
      const found = all.find((one) => one.name === name || one.name.replaceAll(' ', '-') === name) // so that it need not be quoted
      if (found === undefined)
        throw unknown(
          flag,
          name,
          all.map((one) => one.name),
        )
      return found
    }) ?? all
  )
}

function unknown(flag: string, name: string, known: readonly string[]): UserError {
  const guess = nearest(name, known)
  return new UserError(
    `${flag}: there is no ${JSON.stringify(name)}; ${guess === undefined ? `choose from ${known.join(', ')}` : `did you mean ${guess}?`}`,
  )
}
