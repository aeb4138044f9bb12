import type { CompareResult, PolicyRef, Scenario } from '../lab/index.ts'
import { print, printJson, remark, screenOptions, UsageError } from './output.ts'
import { perfettoOutput } from './perfetto-output.ts'
import type { CompareFlags } from './program.ts'
import { withProgress } from './progress.ts'
import { type ScenarioFlags, scenarioOf, showConfig, traceOf } from './scenario-flags.ts'
import { wholeFrom } from './values.ts'
import { version } from './version.ts'

/** What `rmpopt compare` compares unless it is told: what changed behaviour, what was proposed, and the bounds. */
const DEFAULT_POLICIES = 'v1,v2,v4,v7,v10,conversion-1s,bitmap,free-folio,successes,refcount,marked,none'

/** `rmpopt compare` */
export async function compareCommand(file: string | undefined, flags: CompareFlags): Promise<void> {
  const scenario = await scenarioOf(file, flags)
  if (flags.showConfig) return showConfig(scenario, flags)
  const own = typeof scenario.policy === 'object' ? scenario.policy : undefined
  const policies = await policiesOf(flags.policies ?? [DEFAULT_POLICIES, own?.name ?? []].flat().join(','), own)
  const versus = await versusOf(policies, flags.vs)
  const seeds = flags.seeds === undefined ? 1 : wholeFrom(flags.seeds, '--seeds', 1)
  const workers = flags.workers === undefined ? undefined : wholeFrom(flags.workers, '--workers', 1)
  const perfetto = await perfettoOutput(flags.perfetto, flags)
  const output = await (await import('./compare-output.ts')).compareOutput(flags)
  const [{ compareScenario }, { simulateOn }] = await Promise.all([import('../lab/index.ts'), import('../workers/index.ts')])
  const simulate = await output.keeping(simulateOn(workers), await dependences(scenario, policies, seeds, flags))
  const result = await withProgress(async (tell) => {
    tell('preparing VMs')
    const hooks = { onProgress: (done: number, hosts: number) => tell(progressBar(done, hosts)), simulate }
    const options = { policies, versus, seeds, sweep: flags.sensitivity, command: commandLine(file, flags) }
    return compareScenario(scenario, (another) => traceOf(another, flags), options, hooks)
  })
  await output.write(result)
  if (flags.perfetto !== undefined) {
    const policy = policies.find((one) => nameOf(one) === versus)
    await withProgress(async (tell) => {
      tell('tracing a host')
      await perfetto.write(scenario, await traceOf(scenario, flags), policy)
    })
  }
  await show(result, flags)
  perfetto.tell()
}

/** All that the outcome of a host depends on: outcomes of anything else must not be mixed with it. */
async function dependences(
  scenario: Scenario,
  policies: readonly PolicyRef[],
  seeds: number,
  { sensitivity = false, skipBadRows = false }: CompareFlags,
): Promise<object> {
  const { digestOf } = await import('../files/index.ts')
  const modules = policies.flatMap((policy) => (typeof policy === 'object' && 'module' in policy ? [String(policy.module)] : []))
  const files = [...(scenario.trace === undefined ? [] : [scenario.trace]), ...modules.map((url) => new URL(url))]
  const digests = await Promise.all(files.map(digestOf))
  return { version: version(), scenario, policies, seeds, sensitivity, skipBadRows, digests }
}

async function show(result: CompareResult, { json, out, save }: CompareFlags): Promise<void> {
  if (json) printJson(result)
  else {
    const { compareScreen } = await import('../report/index.ts')
    print(compareScreen(result, screenOptions()))
  }
  for (const path of [out, save]) if (path !== undefined) remark(`wrote ${path}`)
}

/** Names, or paths of policies, separated by commas. @param own the policy that the scenario describes, if it does */
async function policiesOf(list: string, own: Exclude<PolicyRef, string> | undefined): Promise<PolicyRef[]> {
  const [{ resolvePolicy }, { isPolicyPath, readPolicy }] = await Promise.all([
    import('../lab/index.ts'),
    import('../files/index.ts'),
  ])
  const policies: PolicyRef[] = []
  for (const text of list.split(',').map((part) => part.trim())) {
    if (text === '') throw new UsageError('--policies: a name is empty; separate names by single commas')
    if (text === 'all') policies.push(...(await everyPolicy()))
    else if (text === own?.name) policies.push(own)
    else policies.push(isPolicyPath(text) ? await readPolicy(text) : resolvePolicy(text, '--policies', ''))
  }
  const names = policies.map(nameOf)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new UsageError(`--policies: ${twice} is there twice; name each policy once`)
  return policies
}

async function everyPolicy(): Promise<string[]> {
  return (await import('../lab/index.ts')).POLICIES.map(({ name }) => name)
}

function nameOf(policy: PolicyRef): string {
  return typeof policy === 'string' ? policy : policy.name
}

async function versusOf(policies: readonly PolicyRef[], vs: string | undefined): Promise<string> {
  const names = policies.map(nameOf)
  if (vs === undefined) return names.includes('v10') ? 'v10' : names[0]
  if (names.includes(vs)) return vs
  const guess = (await import('../lab/index.ts')).nearest(vs, names)
  throw new UsageError(
    `--vs: ${JSON.stringify(vs)} is not among the policies; ${guess === undefined ? `choose one of ${names.join(', ')}` : `did you mean ${guess}?`}`,
  )
}

const BAR_WIDTH = 24

function progressBar(done: number, of: number): string {
  const filled = Math.floor((done / of) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${done} of ${of} hosts`
}

/** The command that makes the result again; where it is written to is not part of it. */
function commandLine(file: string | undefined, flags: CompareFlags): string {
  const own: [flag: string, value: string | boolean | undefined][] = [
    ...Object.entries(WORDS).map(([name, flag]): [string, string | boolean | undefined] => [
      flag,
      flags[name as keyof typeof WORDS],
    ]),
  ]
  const words = own.flatMap(([flag, value]) =>
    value === undefined || value === false ? [] : value === true ? [flag] : [flag, quoted(value)],
  )
  return ['rmpopt', 'compare', ...(file === undefined ? [] : [quoted(file)]), ...words].join(' ')
}

const WORDS = {
  trace: '--trace',
  skipBadRows: '--skip-bad-rows',
  hosts: '--hosts',
  host: '--host',
  snpShare: '--snp-share',
  backing: '--backing',
  placement: '--placement',
  seed: '--seed',
  until: '--until',
  policies: '--policies',
  vs: '--vs',
  seeds: '--seeds',
  sensitivity: '--sensitivity',
} as const satisfies Partial<Record<keyof (CompareFlags & ScenarioFlags), string>>

function quoted(text: string): string {
  return /^[\w./,:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
