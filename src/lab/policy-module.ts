import { composePolicy, POLICIES, type Policy, type PolicySpec } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import { resolvePolicy } from './policy-input.ts'

/** A policy of a module: it cannot be sent to a worker, but its address can. */
export interface LoadedPolicy extends Policy {
  readonly module: string
}

const PARTS = ['booted', 'setup', 'work', 'thread', 'vmDestroying', 'vmDestroyed', 'inodeFreed', 'madeShared', 'cleanup'] as const

/**
 * The policy that a module exports: a driver with at least `name` and `setup`, or a point of the space.
 * @throws UserError for what is neither
 */
export function policyFrom(exported: unknown, where: string): Policy {
  if (typeof exported !== 'object' || exported === null)
    throw new UserError(`${where}: has no policy as its default export; write export default { name, setup, … }`)
  const driver = exported as Partial<Policy>
  const parts = PARTS.filter((part) => driver[part] !== undefined)
  if (parts.length === 0) return composePolicy(resolvePolicy(exported, where, '') as PolicySpec)
  if (typeof driver.name !== 'string' || driver.name === '') throw new UserError(`${where}: the policy has no name; give it one`)
  if (POLICIES.some(({ name }) => name === driver.name))
    throw new UserError(`${where}: ${driver.name} is a policy that there is already; choose another name`)
  const wrong = parts.find((part) => typeof driver[part] !== 'function')
  if (wrong !== undefined) throw new UserError(`${where}: ${wrong} is not a function; write a generator function`)
  return { summary: '', when: '?', what: '?', who: '?', keptBytes: () => 0, ...driver, name: driver.name }
}
