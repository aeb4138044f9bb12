import { z } from 'zod'
import { type Doing, SCENARIOS, type Scenario } from '../check/index.ts'
import type { MachineOptions } from '../machine/index.ts'
import { UserError } from '../workload/index.ts'
import { type Authored, guarded } from './authors.ts'
import { explain, firstOf } from './issue-words.ts'

/** Something that happens to a small host, from a module. */
export interface LoadedScenario extends Scenario, Authored {}

/** More, and nobody waits for the end of it. */
const CORES_MAX = 8
const REGIONS_MAX = 16
const EVENTS_MAX = 8

const whole = (min: number, max: number) => z.number().int().min(min).max(max)
const fn = <T>() => z.custom<T>((given) => typeof given === 'function', 'is not a function; write one')

const options = {
  outOfReach: z.enum(['report-0', 'unspecified']),
  rmpupdateDropsCachedResult: z.boolean(),
  snpDisableClearsTables: z.boolean(),
  baseChangeClearsTable: z.boolean(),
  tableReachBytes: z.number().int().min(1),
  successBroadcast: z.boolean(),
  resultCache: z.boolean(),
  comesUpOptimised: z.boolean(),
} as const satisfies Record<Exclude<keyof MachineOptions, 'regionBytes'>, z.ZodType>

const fields = {
  name: z.string().regex(/^[\w.-]{1,60}$/, 'is not a name of letters, digits, dots and dashes; choose a short one'),
  sentence: z.string().regex(/\S/, 'is not a sentence; say what happens in one'),
  notInLinux: z.string().optional(),
  machine: z.strictObject({
    cores: whole(1, CORES_MAX),
    threads: z.literal([1, 2]).optional(),
    regions: whole(1, REGIONS_MAX),
    asids: whole(1, 16).optional(),
    options: z.strictObject(options).partial().optional(),
  }),
  online: z.array(z.number().int().min(0)).min(1).optional(),
  found: fn<NonNullable<Scenario['found']>>().optional(),
  before: z.array(fn<Doing>()).optional(),
  instructions: z.enum(['micro-steps', 'whole']).optional(),
  writes: z
    .array(
      z.strictObject({
        cpu: z.number().int().min(0),
        page: z.number().int().min(0),
        mapping: z.enum(['4K', '2M']).optional(),
      }),
    )
    .optional(),
  events: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[^:\r\n]{1,30}$/, 'is not a word or two without a colon; choose a short one'),
        routine: fn<Doing>(),
      }),
    )
    .min(1)
    .max(EVENTS_MAX),
} as const satisfies Record<keyof Scenario, z.ZodType>

const ScenarioSchema = z.strictObject(fields)

type Given = z.output<typeof ScenarioSchema>

/**
 * The scenarios that a module exports: one, or a list of them.
 * @throws UserError for what is none
 */
export function scenariosFrom(exported: unknown, where: string): Scenario[] {
  const isList = Array.isArray(exported)
  const all: readonly unknown[] = isList ? exported : [exported]
  if (all.length === 0) throw new UserError(`${where}: its default export is an empty list; put a scenario into it`)
  const scenarios = all.map((one, index) => scenarioFrom(one, where, isList ? [String(index)] : []))
  const names = scenarios.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UserError(`${where}: ${twice} is there twice; give each scenario a name of its own`)
  return scenarios
}

function scenarioFrom(exported: unknown, where: string, at: readonly string[]): Scenario {
  if (typeof exported !== 'object' || exported === null)
    throw new UserError(
      `${where}: has no scenario ${at.length === 0 ? 'as its default export' : `at ${at}`}; write export default { name, sentence, machine, events }`,
    )
  const parsed = ScenarioSchema.safeParse(exported, { reportInput: true })
  if (!parsed.success) {
    const issue = firstOf(parsed.error.issues)
    throw new UserError(`${where}: ${explain({ ...issue, path: [...at, ...issue.path] }, () => fieldsAt(issue.path))}`)
  }
  const given = parsed.data
  const problem = contradiction(given)
  if (problem !== undefined) throw new UserError(`${where}: ${[...at, problem].join('.')}`)
  return withGuards(given, `${where}: ${at.length === 0 ? '' : `${at}.`}`)
}

/** The fields that there are at a place. */
function fieldsAt(path: readonly PropertyKey[]): string[] {
  let schema: z.ZodType = ScenarioSchema
  for (const key of path) {
    if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType
    if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType
    else if (schema instanceof z.ZodObject) schema = schema.shape[key as string]
  }
  if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

/** What does not go together, as a person would say it, if something does not. */
function contradiction({ name, machine, online = [], writes = [], events }: Given): string | undefined {
  if (SCENARIOS.some((one) => one.name === name)) return `name: ${name} is a scenario that there is already; choose another name`
  const cpus = machine.cores * (machine.threads ?? 1)
  const noCpu = (cpu: number) => (cpu < cpus ? undefined : `there is no CPU ${cpu}; give 0 to ${cpus - 1}`)
  const offline = online.map(noCpu).find((problem) => problem !== undefined)
  if (offline !== undefined) return `online: ${offline}`
  if (new Set(online).size < online.length) return 'online: a CPU is there twice; name each once'
  const pages = machine.regions * PAGES_OF_REGION
  for (const [index, { cpu, page }] of writes.entries()) {
    const problem = noCpu(cpu)
    if (problem !== undefined) return `writes.${index}.cpu: ${problem}`
    if (page >= pages) return `writes.${index}.page: there is no page ${page}; give 0 to ${pages - 1}`
  }
  const names = events.map((event) => event.name)
  const twice = names.find((one, index) => names.indexOf(one) !== index || TASKS.includes(one))
  if (twice !== undefined) return `events: ${JSON.stringify(twice)} is there twice; give each event a name of its own`
  return undefined
}

/** As the small machines have it. */
const PAGES_OF_REGION = 6

/** What every host has beside the events. */
const TASKS: readonly string[] = ['worker', 'kthread', 'hypervisor']

/** The same, where what happens gives operations and nothing else. */
function withGuards({ before = [], events, ...rest }: Given, where: string): Scenario {
  return {
    ...rest,
    before: before.map(
      (doing, index): Doing =>
        (...given) =>
          guarded(() => doing(...given), `${where}before.${index}`, 'function* (kernel, guests)'),
    ),
    events: events.map((event, index) => ({
      name: event.name,
      routine: (...given) =>
        guarded(() => event.routine(...given), `${where}events.${index}.routine`, '*routine(kernel, guests)'),
    })),
  }
}
