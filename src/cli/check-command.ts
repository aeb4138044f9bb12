import { checkOutput } from './check-output.ts'
import { AnswerIsNo, print, printJson, screenOptions, UsageError } from './output.ts'
import type { CheckFlags } from './program.ts'
import { withProgress } from './progress.ts'
import { bytesFrom, secondsFrom } from './values.ts'

/** `rmpopt check` */
export async function checkCommand(flags: CheckFlags): Promise<void> {
  const budget = budgetFrom(flags.budget ?? DEFAULT_BUDGET)
  const [lab, files] = await Promise.all([import('../lab/index.ts'), import('../files/index.ts')])
  const output = await checkOutput(flags)
  const run = async () => {
    if (flags.replay !== undefined) return lab.checkReplayed(flags.replay, await files.readJsonText(flags.replay))
    const input = {
      policies: policiesOf(flags.policy ?? 'v10', lab),
      scenarios: listOf(flags.scenario),
      properties: listOf(flags.property),
    }
    return withProgress(async (tell) => {
      const end = performance.now() + budget.seconds * 1000
      return lab.check(input, {
        bytesMax: budget.bytes,
        shouldStop: () => performance.now() > end,
        onCell: (policy, scenario) => tell(`checking ${policy} in ${scenario}`),
      })
    })
  }
  const result = await run()
  await output.write(result)
  if (flags.json) printJson(result)
  else print((await import('../report/index.ts')).checkScreen(result, screenOptions()))
  output.tell(result)
  if (!result.holds) throw new AnswerIsNo()
}

const DEFAULT_BUDGET = '2GiB,10min'

/** `2GiB`, `10min`, or both. */
function budgetFrom(text: string): { readonly bytes: number; readonly seconds: number } {
  let [bytes, seconds] = [2 ** 31, 600]
  for (const part of text.split(',').map((piece) => piece.trim())) {
    if (/iB$/.test(part)) bytes = bytesFrom(part, '--budget')
    else seconds = secondsFrom(part.replace(/min$/, 'm'), '--budget')
  }
  return { bytes, seconds }
}

function listOf(text: string | undefined): string[] | undefined {
  const names = text?.split(',').map((name) => name.trim())
  if (names?.includes('')) throw new UsageError('a name is empty; separate names by single commas')
  return names
}

/** Names, `revisions` for all of these, `all` for the proposals too. */
function policiesOf(text: string, lab: typeof import('../lab/index.ts')): string[] {
  const proposed = lab.POLICIES.filter(({ isOracle, work, thread }) => isOracle !== true && (work ?? thread) !== undefined)
  const meant = (name: string) =>
    name === 'all' ? proposed.map((policy) => policy.name) : name === 'revisions' ? lab.REVISIONS : [name]
  return [...new Set(listOf(text)?.flatMap(meant))]
}
