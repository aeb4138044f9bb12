import type { CheckInput, CheckResult, PolicyRef } from '../lab/index.ts'
import { checkOutput } from './check-output.ts'
import { checkProgress } from './check-progress.ts'
import { AnswerIsNo, print, printJson, screenOptions, UsageError } from './output.ts'
import type { CheckFlags } from './program.ts'
import { withProgress } from './progress.ts'
import { bytesFrom, secondsFrom, wholeFrom } from './values.ts'

/** `rmpopt check` */
export async function checkCommand(flags: CheckFlags): Promise<void> {
  if (flags.list) return list(flags)
  const budget = budgetFrom(flags.budget ?? DEFAULT_BUDGET)
  const workers = flags.workers === undefined ? undefined : wholeFrom(flags.workers, '--workers', 1)
  const output = await checkOutput(flags)
  const result = flags.replay === undefined ? await checked(flags, budget, workers) : await replayed(flags.replay)
  await output.write(result)
  if (flags.json) printJson(result)
  else {
    const { checkScreen } = await import('../report/index.ts')
    print(checkScreen(result, screenOptions(), flags.replay === undefined ? 'shortest of one policy' : 'every'))
  }
  output.tell(result)
  if (!result.holds) throw new AnswerIsNo()
}

async function checked(flags: CheckFlags, budget: Budget, workers: number | undefined): Promise<CheckResult> {
  const [{ check }, { exploreOn }] = await Promise.all([import('../lab/index.ts'), import('../workers/index.ts')])
  const input: CheckInput = {
    policies: await policiesOf(flags.policy ?? 'v10'),
    scenarios: await scenariosOf(flags.scenario),
    properties: listOf(flags.property, '--property'),
  }
  return withProgress((tell) => {
    const progress = checkProgress(() => performance.now() / 1000, budget.seconds)
    const explore = exploreOn(workers, Date.now() + budget.seconds * 1000)
    return check(input, { bytesMax: budget.bytes, explore, onProgress: (news) => tell(progress(news)) })
  })
}

async function replayed(path: string): Promise<CheckResult> {
  const [{ checkReplayed }, files] = await Promise.all([import('../lab/index.ts'), import('../files/index.ts')])
  const sources = { policy: files.readPolicy, scenarios: files.readCheckScenarios }
  return checkReplayed(path, await files.readJsonText(path), sources)
}

/** What there is to be asked for. */
async function list({ json }: CheckFlags): Promise<void> {
  const [{ checkQuestions }, { checkListScreen }] = await Promise.all([import('../lab/index.ts'), import('../report/index.ts')])
  const questions = checkQuestions()
  if (json) printJson({ schema: 'rmpopt.check-list/1', ...questions })
  else print(checkListScreen(questions, screenOptions()))
}

const DEFAULT_BUDGET = '2GiB,10min'

interface Budget {
  readonly bytes: number
  readonly seconds: number
}

/** `2GiB`, `10min`, or both. */
function budgetFrom(text: string): Budget {
  const parts = text.split(',').map((piece) => piece.trim())
  const sizes = parts.filter((part) => /B$/i.test(part))
  const times = parts.filter((part) => !sizes.includes(part))
  if (sizes.length > 1 || times.length > 1 || !parts.every((part) => /^[\d.]/.test(part)))
    throw new UsageError(`--budget: ${JSON.stringify(text)} is not bytes, a time, or one of each; give such as ${DEFAULT_BUDGET}`)
  const [bytes, seconds] = DEFAULT_BUDGET.split(',')
  return {
    bytes: bytesFrom(sizes[0] ?? bytes, '--budget'),
    seconds: secondsFrom((times[0] ?? seconds).replace(/min$/, 'm'), '--budget'),
  }
}

function listOf(text: string | undefined, flag: string): string[] | undefined {
  const names = text?.split(',').map((name) => name.trim())
  if (names?.includes('')) throw new UsageError(`${flag}: a name is empty; separate names by single commas`)
  return names
}

/** Names and words for several, each policy once, or paths. */
async function policiesOf(text: string): Promise<PolicyRef[]> {
  const [{ POLICY_SETS }, { isPolicyPath, readPolicy }] = await Promise.all([
    import('../lab/index.ts'),
    import('../files/index.ts'),
  ])
  const names = listOf(text, '--policy')!.flatMap((name) => POLICY_SETS[name as keyof typeof POLICY_SETS] ?? [name])
  return Promise.all([...new Set(names)].map((name) => (isPolicyPath(name) ? readPolicy(name) : name)))
}

async function scenariosOf(text: string | undefined): Promise<CheckInput['scenarios']> {
  const { isCheckScenarioPath, readCheckScenarios } = await import('../files/index.ts')
  const names = listOf(text, '--scenario')
  if (names === undefined) return undefined
  const read = names.map((name) => (isCheckScenarioPath(name) ? readCheckScenarios(name) : [name]))
  return (await Promise.all(read)).flat()
}
