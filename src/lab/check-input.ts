import { KERNEL_QUESTIONS, SCENARIOS, type Scenario } from '../check/index.ts'
import { POLICIES } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import type { CheckScenarioRef } from './check-cell.ts'
import { type PolicyRef, policyFor } from './host-run.ts'
import { notKnown } from './issue-words.ts'
import { type PolicyInput, resolvePolicy } from './policy-input.ts'

/** What to check; a field that is absent: by the revision that the series stands at, in every scenario, all properties. */
export interface CheckInput {
  readonly policies?: readonly PolicyInput[]
  /** By name, or as themselves. */
  readonly scenarios?: readonly (string | Scenario)[]
  readonly properties?: readonly string[]
}

/** The same with nothing left open. */
export interface CheckPlan {
  readonly policies: readonly PolicyRef[]
  readonly scenarios: readonly CheckScenarioRef[]
  readonly properties: readonly { readonly name: string; readonly sentence: string }[]
}

const isKernelCode = ({ isOracle }: { readonly isOracle?: boolean }) => isOracle !== true

/** Words for several policies: what was published, and with it what was proposed. */
export const POLICY_SETS: Readonly<Record<'revisions' | 'all', readonly string[]>> = {
  revisions: ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9', 'v10'],
  all: POLICIES.filter((policy) => isKernelCode(policy) && (policy.work ?? policy.thread) !== undefined).map(({ name }) => name),
}

/** @throws UserError for a name that there is not, and for what is there twice */
export function checkPlan({ policies = ['v10'], scenarios, properties }: CheckInput): CheckPlan {
  const plan = {
    policies: policies.map((policy) => policyMeant(policy)),
    scenarios:
      scenarios?.map(scenarioMeant) ?? SCENARIOS.filter(({ notInLinux }) => notInLinux === undefined).map(({ name }) => name),
    properties: properties?.map((name) => oneOf('--property', name, KERNEL_QUESTIONS)) ?? KERNEL_QUESTIONS,
  }
  differ('--policy', plan.policies)
  differ('--scenario', plan.scenarios)
  differ('--property', plan.properties)
  return plan
}

/** @param where what to call the input in messages */
export function policyMeant(input: PolicyInput, where = '--policy'): PolicyRef {
  const names = POLICIES.filter(isKernelCode).map(({ name }) => name)
  const isKnown = typeof input !== 'string' || POLICIES.some(({ name }) => name === input)
  if (!isKnown) throw new UserError(notKnown(where, input, [...names, ...(where === '--policy' ? Object.keys(POLICY_SETS) : [])]))
  const policy = resolvePolicy(input, where, '')
  if (isKernelCode(policyFor(policy))) return policy
  throw new UserError(
    `${where}: ${nameOf(policy)} is a bound and no kernel code: there is nothing to check; choose another policy`,
  )
}

function scenarioMeant(input: CheckScenarioRef): CheckScenarioRef {
  return typeof input === 'string' ? oneOf('--scenario', input, SCENARIOS).name : input
}

function oneOf<T extends { readonly name: string }>(where: string, name: string, all: readonly T[]): T {
  const found = all.find((one) => one.name === name || one.name.replaceAll(' ', '-') === name) // so that it need not be quoted
  if (found !== undefined) return found
  throw new UserError(
    notKnown(
      where,
      name,
      all.map((one) => one.name),
    ),
  )
}

function differ(where: string, things: readonly (string | { readonly name: string })[]): void {
  const names = things.map(nameOf)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UserError(`${where}: ${twice} is there twice; name each once`)
}

export function nameOf(thing: string | { readonly name: string }): string {
  return typeof thing === 'string' ? thing : thing.name
}
