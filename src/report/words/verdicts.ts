import type { CheckCell, CheckResult } from '../../lab/index.ts'
import { listed, plural } from './format.ts'

/** What is known of a property of a policy, over several scenarios: it fails if it does in one, and holds if it does in all. */
export function overall(cells: readonly CheckCell[]): CheckCell['verdict'] | undefined {
  return (['fails', 'unfinished', 'holds'] as const).find((verdict) => cells.some((cell) => cell.verdict === verdict))
}

export function policiesOf({ results }: CheckResult): string[] {
  return [...new Set(results.map(({ policy }) => policy))]
}

/** States visited: those of a policy in a scenario are counted once, whatever was asked of them. */
export function statesOf(cells: readonly CheckCell[]): number {
  const visited = new Map(cells.map(({ policy, scenario, states }) => [JSON.stringify([policy, scenario]), states]))
  return [...visited.values()].reduce((sum, states) => sum + states, 0)
}

/** What came of it all, the answer first. */
export function findings(result: CheckResult): string[] {
  const { properties, results } = result
  const of = (verdict: CheckCell['verdict'], cells: readonly CheckCell[]) =>
    properties.map(({ name }) => name).filter((name) => overall(cells.filter((cell) => cell.property === name)) === verdict)
  const failing = policiesOf(result).map((policy): PolicyFailing => {
    const cells = results.filter((cell) => cell.policy === policy)
    return { policy, fails: of('fails', cells), isOpen: of('unfinished', cells).length > 0 }
  })
  const [holding, unseen] = [of('holds', results), results.filter(({ verdict }) => verdict === 'unfinished').length]
  const anyFails = failing.some(({ fails }) => fails.length > 0)
  return [
    anyFails ? whoFails(failing, properties.length) : nothingFails(failing, properties.length),
    anyFails &&
      holding.length > 0 &&
      `${capital(listed(holding))} ${holding.length === 1 ? 'holds' : 'hold'} everywhere, in every state.`,
    unseen > 0 && `${unseen} of ${plural(results.length, 'question')} left open: the budget was used up before all was seen.`,
  ].filter((sentence) => sentence !== false)
}

interface PolicyFailing {
  readonly policy: string
  readonly fails: readonly string[]
  /** Something was not seen to the end. */
  readonly isOpen: boolean
}

function nothingFails(policies: readonly PolicyFailing[], properties: number): string {
  if (policies.length === 0) return 'Nothing was checked.'
  const names = policies.length > 4 ? `All ${policies.length} policies` : listed(policies.map(({ policy }) => policy))
  if (policies.some(({ isOpen }) => isOpen)) return `${names}: nothing was seen to fail, but not all was seen.`
  return `${names} ${policies.length === 1 ? 'holds' : 'hold'} ${allOf(properties)}, in every state.`
}

function whoFails(policies: readonly PolicyFailing[], properties: number): string {
  const bad = policies.filter(({ fails }) => fails.length > 0)
  const [{ policy, fails }] = bad
  if (policies.length === 1)
    return `${policy} fails ${fails.length} of ${plural(properties, 'property', 'properties')}: ${listed(fails)}.`
  const counts = [...new Set(bad.map((one) => one.fails.length))].sort((a, b) => a - b)
  const of = (count: number) => `${count} (${listed(bad.filter((one) => one.fails.length === count).map((one) => one.policy))})`
  const many = counts.length === 1 ? `${counts[0]}` : `between ${of(counts[0])} and ${of(counts[counts.length - 1])}`
  const whole = policies.filter(({ fails, isOpen }) => fails.length === 0 && !isOpen).map((one) => one.policy)
  const who =
    bad.length === policies.length ? `Each of ${policies.length} policies` : `${bad.length} of ${policies.length} policies`
  const verb = bad.length === policies.length || bad.length === 1 ? 'fails' : 'fail'
  return `${who} ${verb} ${many} of ${plural(properties, 'property', 'properties')}${whole.length > 0 ? `; ${listed(whole)} ${whole.length === 1 ? 'fails' : 'fail'} none` : ''}.`
}

function allOf(properties: number): string {
  return properties === 1 ? 'the property' : `all ${properties} properties`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
