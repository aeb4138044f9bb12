import type { HotplugRule, Routine } from '../kernel/index.ts'
import { composePolicy, POLICIES, type Policy, type PolicySpec } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import { type Authored, guarded } from './authors.ts'
import { nearest } from './nearest.ts'
import { isPolicyName, resolvePolicy } from './policy-input.ts'

/** A policy of a module. */
export interface LoadedPolicy extends Policy, Authored {}

const PARTS = [
  'booted',
  'setup',
  'work',
  'thread',
  'vmDestroying',
  'vmDestroyed',
  'memoryReturned',
  'inodeFreed',
  'madeShared',
  'shutdownBegins',
  'shutdownRefused',
  'cleanup',
] as const
type Part = (typeof PARTS)[number]

const TEXTS = ['summary', 'when', 'what', 'who'] as const
const CHOICES = {
  snpEnable: ['boot', 'init'],
  hotplug: ['snp-en-callback', 'ignored', 'after-init', 'once-after-init', 'before-snp-en'] satisfies HotplugRule[],
  threadOfCore: ['primary', 'first-online'],
} as const
const KNOWN: readonly string[] = ['name', ...TEXTS, ...Object.keys(CHOICES), 'keptBytes', 'isOracle', ...PARTS]

/**
 * The policy that a module exports: a driver with at least `name` and one part, or a point of the space.
 * @throws UserError for what is neither
 */
export function policyFrom(exported: unknown, where: string): Policy {
  if (typeof exported !== 'object' || exported === null)
    throw new UserError(`${where}: has no policy as its default export; write export default { name, setup, … }`)
  const driver = exported as Partial<Policy>
  const parts = PARTS.filter((part) => driver[part] !== undefined)
  if (parts.length === 0 && driver.keptBytes === undefined) return composePolicy(resolvePolicy(exported, where, '') as PolicySpec)
  const problem = driverProblem(driver, parts)
  if (problem !== undefined) throw new UserError(`${where}: ${problem}`)
  const guarded = parts.map((part) => [part, guard(driver, part, where)])
  const keptBytes: Policy['keptBytes'] = (machine) => driver.keptBytes?.(machine) ?? 0
  return { summary: '', when: '?', what: '?', who: '?', ...driver, ...Object.fromEntries(guarded), keptBytes } as Policy
}

/** What is wrong with a driver, as a person would say it, if something is. */
function driverProblem(driver: Partial<Policy>, parts: readonly Part[]): string | undefined {
  const { name } = driver
  if (name === undefined) return 'name: is missing; give the policy one'
  if (typeof name !== 'string' || !isPolicyName(name))
    return `name: ${JSON.stringify(name)} is not a name of letters, digits, dots and dashes; choose a short one`
  if (POLICIES.some((policy) => policy.name === name))
    return `name: ${name} is a policy that there is already; choose another name`
  const unknown = Object.keys(driver).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined) {
    const guess = nearest(unknown, KNOWN)
    return `${unknown}: is no part of a policy; ${guess === undefined ? 'keep it outside of the exported object' : `did you mean ${guess}?`}`
  }
  if (parts.length === 0) return `setup: is missing; write at least one of ${PARTS.join(', ')}`
  const wrong = [...parts, ...(driver.keptBytes === undefined ? [] : ['keptBytes' as const])].find(
    (part) => typeof driver[part] !== 'function',
  )
  if (wrong !== undefined) return `${wrong}: is not a function; write ${wrong === 'keptBytes' ? 'one' : 'a generator function'}`
  const mute = TEXTS.find((field) => driver[field] !== undefined && typeof driver[field] !== 'string')
  if (mute !== undefined) return `${mute}: is not text; write some words`
  for (const [field, choices] of Object.entries(CHOICES)) {
    const given = (driver as Record<string, unknown>)[field]
    if (given !== undefined && !(choices as readonly unknown[]).includes(given))
      return `${field}: ${JSON.stringify(given)} is not known; choose one of ${choices.join(', ')}`
  }
  return undefined
}

/** A part of a driver that gives operations and nothing else. */
function guard(driver: Partial<Policy>, part: Part, where: string): (...given: unknown[]) => Routine<unknown> {
  const routine = driver[part] as (...given: unknown[]) => Routine<void> | undefined
  return (...given) => guarded(() => routine.call(driver, ...given), `${where}: ${part}`, `*${part}(kernel)`)
}
