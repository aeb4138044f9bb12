import type { Scenario, ScenarioInput, Trace } from '../lab/index.ts'
import { print, printJson, UsageError } from './output.ts'
import { numberFrom, secondsFrom } from './values.ts'

/** The options that describe a run, as they were typed. */
export interface ScenarioFlags {
  readonly trace?: string
  readonly skipBadRows?: boolean
  readonly hosts?: string
  readonly host?: string
  readonly snpShare?: string
  readonly backing?: string
  readonly placement?: string
  readonly policy?: string
  readonly seed?: string
  readonly until?: string
  readonly showConfig?: boolean
  readonly json?: boolean
}

/**
 * The scenario of a file, with the fields that options override.
 * @throws UserError or UsageError for a file or an option that is wrong, or that contradict each other
 */
export async function scenarioOf(file: string | undefined, flags: ScenarioFlags): Promise<Scenario> {
  const { resolveScenario } = await import('../lab/index.ts')
  const input = file === undefined ? {} : await (await import('../files/index.ts')).readScenario(file)
  const fields = fieldsOf(flags)
  if (fields.policy !== undefined) fields.policy = { ...fields.policy, value: await policyAt(String(fields.policy.value)) }
  for (const [name, { flag, value }] of Object.entries(fields)) check(resolveScenario, name, flag, value)
  const overrides = Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]))
  const { generate, ...own } = input
  const scenario = resolveScenario({ ...own, ...(flags.trace === undefined ? { generate } : {}), ...overrides }, file)
  if (flags.skipBadRows && scenario.trace === undefined) {
    throw new UsageError('--skip-bad-rows: the VMs are generated, there are no rows; give --trace too, or leave it out')
  }
  return scenario
}

/** The VMs of a scenario: those of its trace, or generated. */
export async function traceOf({ trace, generate }: Scenario, { skipBadRows }: ScenarioFlags): Promise<Trace> {
  if (trace === undefined) return (await import('../lab/index.ts')).generateTrace(generate)
  return (await import('../files/index.ts')).readTrace(trace, { skipBadRows })
}

/** Prints a scenario that can be read again: from wherever it is put, so that paths of traces and modules are absolute. */
export async function showConfig(scenario: Scenario, { json }: ScenarioFlags): Promise<void> {
  const [{ scenarioInput }, { formatScenario }, { resolve }, { fileURLToPath }] = await Promise.all([
    import('../lab/index.ts'),
    import('../files/index.ts'),
    import('node:path'),
    import('node:url'),
  ])
  const { trace, policy } = scenario
  const input = scenarioInput(trace === undefined ? scenario : { ...scenario, trace: resolve(trace) })
  if (typeof policy === 'object' && 'module' in policy) input.policy = fileURLToPath(String(policy.module))
  if (json) printJson(input)
  else print(formatScenario(input))
}

type Field = keyof ScenarioInput
type Fields = Partial<Record<Field, { readonly flag: string; readonly value: string | number | object }>>

function fieldsOf({ trace, hosts, host, snpShare, backing, placement, policy, seed, until }: ScenarioFlags): Fields {
  const fields: Fields = {}
  const put = (name: Field, flag: string, text: string | undefined, value: (text: string, flag: string) => string | number) => {
    if (text !== undefined) fields[name] = { flag, value: value(text, flag) }
  }
  const same = (text: string) => text
  put('trace', '--trace', trace, same)
  put('hosts', '--hosts', hosts, (text) => (NUMERIC.test(text) ? Number(text) : text))
  put('host', '--host', host, same)
  put('snpShare', '--snp-share', snpShare, (text, flag) => numberFrom(text, flag, 'a share from 0 to 1'))
  put('backing', '--backing', backing, same)
  put('placement', '--placement', placement, same)
  put('policy', '--policy', policy, same)
  put('seed', '--seed', seed, (text, flag) => numberFrom(text, flag, 'a whole number'))
  put('untilS', '--until', until, secondsFrom)
  return fields
}

/** A policy by its name as it is, by its file as what is in there. */
async function policyAt(text: string): Promise<string | object> {
  const { isPolicyPath, readPolicy } = await import('../files/index.ts')
  return isPolicyPath(text) ? await readPolicy(text) : text
}

const NUMERIC = /^[-+]?\d*\.?\d+$/

/** Lets the lab look at one field alone, and has it speak of the option. */
function check(
  resolve: (input: unknown, where: string) => unknown,
  name: string,
  flag: string,
  value: string | number | object,
): void {
  try {
    resolve({ [name]: value }, flag)
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(`${flag}: ${name}: `, `${flag}: `)
    throw error
  }
}
