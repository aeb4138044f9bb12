import type { HotplugRule, Op, Routine } from '../kernel/index.ts'
import { composePolicy, POLICIES, type Policy, type PolicySpec } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import { nearest } from './nearest.ts'
import { isPolicyName, resolvePolicy } from './policy-input.ts'

/** A policy of a module: it cannot be sent to a worker, but its address can. */
export interface LoadedPolicy extends Policy {
  /** Address of the module, and what to call it in messages. */
  readonly module: string
  readonly path: string
}

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

/** Every operation there is: whoever yields anything else would wait for ever. */
const OPS: Readonly<Record<Op['op'], true>> = {
  execute: true,
  'rmpupdate-run': true,
  'launch-update-run': true,
  'on-each-cpu': true,
  firmware: true,
  'smp-processor-id': true,
  'move-to-cpu': true,
  'cond-resched': true,
  'migrate-disable': true,
  'migrate-enable': true,
  'preempt-disable': true,
  'preempt-enable': true,
  'wait-unpinned': true,
  lock: true,
  unlock: true,
  'delay-work': true,
  'cancel-work-sync': true,
  'kthread-run': true,
  'set-sleeping': true,
  schedule: true,
  'wake-up-process': true,
  'sleep-until': true,
  'load-rmp-entry': true,
  'count-rmp-run': true,
  'clear-rmp': true,
  'cpu-time': true,
  play: true,
}

/** A part of a driver that gives operations and nothing else. */
function guard(driver: Partial<Policy>, part: Part, where: string): (...given: unknown[]) => Routine<void> {
  return function* (...given) {
    const routine = (driver[part] as (...given: unknown[]) => Routine<void> | undefined).call(driver, ...given)
    if (typeof routine?.next !== 'function')
      throw new UserError(`${where}: ${part}: is not a generator function; write *${part}(kernel) { … }`)
    for (let step = routine.next(); !step.done; ) {
      const op: Op | undefined = step.value
      if (!Object.hasOwn(OPS, op?.op ?? ''))
        throw new UserError(`${where}: ${part}: yields ${shown(op)}, which is no operation; ${advice(op?.op)}`)
      step = routine.next(yield op)
    }
  }
}

function shown(op: unknown): string {
  const text = JSON.stringify(op) ?? String(op)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function advice(op: unknown): string {
  const guess = typeof op === 'string' ? nearest(op, Object.keys(OPS)) : undefined
  return guess === undefined ? 'yield such as { op: "cond-resched" }, or yield* a routine' : `did you mean ${guess}?`
}

/**
 * Does something with a policy. Where it comes from a module, what goes wrong is the module's doing.
 * @throws UserError naming the module, and the line if it is known
 */
export function withPolicy<T>(policy: Policy, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!('module' in policy) || !(error instanceof Error) || error instanceof UserError) throw error
    const { module, path } = policy as LoadedPolicy
    const [, line] = /^:(\d+):/.exec(error.stack?.split(module)[1] ?? '') ?? []
    throw new UserError(
      `${path}:${line === undefined ? '' : `${line}:`} fails while it is simulated (${error.message}); correct it`,
    )
  }
}
