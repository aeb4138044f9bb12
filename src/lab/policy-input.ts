import { z } from 'zod'
import {
  BASES,
  POLICIES,
  type Policy,
  type PolicySpec,
  policyProblem,
  sentence,
  WHATS,
  WHOS,
  type When,
  type Who,
} from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import type { PolicyRef } from './host-run.ts'
import { choice, explain, firstOf, notKnown, shown } from './issue-words.ts'

/** A policy as people write it: the name of one, or a point of the space. Every field but `name` and `when` has a default. */
export type PolicyInput = string | (z.input<typeof PointSchema> & { readonly when: WhenInput }) | Policy

const seconds = z
  .number()
  .min(0)
  .max(30 * 86_400)
const requests = { delayS: seconds.default(10), after: z.enum(['first', 'last']).default('last') }

/** The fields of `when`, by what it is about. A name alone stands for the defaults. */
const WHENS = {
  never: z.strictObject({ at: z.literal('never') }),
  init: z.strictObject({ at: z.literal('init') }),
  'by-hand': z.strictObject({ at: z.literal('by-hand'), atS: z.array(seconds).min(1).max(10_000) }),
  teardown: z.strictObject({ at: z.literal('teardown'), ...requests }),
  conversion: z.strictObject({ at: z.literal('conversion'), ...requests }),
  'freed-folio': z.strictObject({ at: z.literal('freed-folio') }),
  periodic: z.strictObject({ at: z.literal('periodic'), everyS: seconds.min(1) }),
} as const satisfies Record<When['at'], unknown>

const WhoSchema = z
  .strictObject({
    leads: z.boolean(),
    follow: z.enum(['all', 'successes', 'none']),
    threads: z.enum(['primary', 'all']),
    reach: z.enum(['broadcast', 'groups', 'idle-first', 'idle-only', 'one-at-a-time']),
    groupCores: z.number().int().min(0).max(8192),
    batch: z.number().int().min(1).max(65_536),
  })
  .partial()

const NAME = /^[\w.-]{1,40}$/
export function isPolicyName(text: string): boolean {
  return NAME.test(text)
}

type WhenInput = string | { readonly at: When['at']; readonly [field: string]: unknown }
type WhoInput = string | z.input<typeof WhoSchema>

/** `when` and `who` have shapes of their own: they are looked at one by one. */
const PointSchema = z.strictObject({
  name: z.string().regex(NAME, 'is not a name of letters, digits, dots and dashes; choose a short one'),
  summary: z.string().max(200).optional(),
  when: z.custom<WhenInput>(() => true).optional(), // it is not, and resolveWhen says so better
  what: z.enum(WHATS).default('all'),
  who: z.custom<WhoInput>(() => true).default('leader-followers'),
  base: z.enum(BASES).default('lowest'),
})

/**
 * The policy that was meant.
 * @param at where in the input it stands, for messages
 * @throws UserError for a name that is none (naming the nearest), a field that is wrong, or axes that exclude each other
 */
export function resolvePolicy(input: unknown, where: string, at = 'policy'): PolicyRef {
  if (typeof input === 'string') return named(input, where, at)
  if (isPolicy(input)) return input
  const { name, summary, when, what, who, base } = parse(PointSchema, input, where, at === '' ? [] : [at])
  const axes = { when: resolveWhen(when, where, at), what, who: resolveWho(who, where, at), base }
  const spec: PolicySpec = { name, summary: summary ?? sentence(axes), ...axes }
  const problem = policyProblem(spec)
  if (problem !== undefined) throw new UserError(`${where}: ${inside(at, problem)}`)
  if (POLICIES.some((policy) => policy.name === name))
    throw new UserError(`${where}: ${inside(at, 'name')}: ${name} is a policy that there is already; choose another name`)
  return spec
}

/** A policy as itself, from a module or a program. */
function isPolicy(input: unknown): input is Policy {
  return typeof input === 'object' && input !== null && 'keptBytes' in input && typeof input.keptBytes === 'function'
}

/** The place of a field of the policy. */
function inside(at: string, field: string): string {
  return at === '' ? field : `${at}.${field}`
}

function named(name: string, where: string, at: string): string {
  const names = POLICIES.map((policy) => policy.name)
  if (!names.includes(name)) throw new UserError(`${where}: ${notKnown(at, name, names)}`)
  return name
}

function resolveWhen(input: unknown, where: string, at: string): When {
  const place = inside(at, 'when')
  const names = Object.keys(WHENS)
  const given = fieldsOf(typeof input === 'string' ? { at: input } : input, names, where, place)
  if (given.at === undefined) throw new UserError(`${where}: ${place}.at: is missing; ${choice(undefined, names)}`)
  if (typeof given.at !== 'string' || !Object.hasOwn(WHENS, given.at))
    throw new UserError(`${where}: ${notKnown(typeof input === 'string' ? place : `${place}.at`, given.at, names)}`)
  return parse<When>(WHENS[given.at as When['at']] as unknown as z.ZodType<When>, given, where, place.split('.'))
}

function resolveWho(input: unknown, where: string, at: string): Who {
  const place = inside(at, 'who')
  const names = Object.keys(WHOS)
  if (typeof input === 'string') {
    if (!names.includes(input)) throw new UserError(`${where}: ${notKnown(place, input, names)}`)
    return WHOS[input]
  }
  return { ...WHOS['leader-followers'], ...parse(WhoSchema, fieldsOf(input, names, where, place), where, place.split('.')) }
}

/** A map of fields, where a name would have done as well. */
function fieldsOf(input: unknown, names: readonly string[], where: string, at: string): Readonly<Record<string, unknown>> {
  if (input === undefined) throw new UserError(`${where}: ${at}: is missing; ${choice(undefined, names)}`)
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>
  throw new UserError(`${where}: ${at}: ${shown(input)} is neither a name nor a map of fields; ${choice(undefined, names)}`)
}

/** @param at where in the input it stands */
function parse<T>(schema: z.ZodType<T>, input: unknown, where: string, at: readonly string[]): T {
  const parsed = schema.safeParse(input, { reportInput: true })
  if (parsed.success) return parsed.data
  const issue = firstOf(parsed.error.issues)
  const placed = { ...issue, path: [...at, ...issue.path] }
  throw new UserError(`${where}: ${explain(placed, () => Object.keys((schema as unknown as { readonly shape: object }).shape))}`)
}

/** A policy as input again; one made of functions by its name only. */
export function policyInput(policy: PolicyRef): PolicyInput {
  if (typeof policy === 'string') return policy
  return isPolicy(policy) ? policy.name : { ...policy }
}
