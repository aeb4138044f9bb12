import { print, printJson, screenOptions, UsageError } from './output.ts'
import type { ExplainFlags } from './program.ts'
import { wholeFrom } from './values.ts'

/** `rmpopt explain` */
export async function explainCommand({ step, assumptions, json }: ExplainFlags): Promise<void> {
  const number = step === undefined ? undefined : wholeFrom(step, '--step', 1)
  const [lab, report] = await Promise.all([import('../lab/index.ts'), import('../report/index.ts')])
  if (assumptions) {
    const areas = lab.assumptions(lab.resolveScenario({}))
    return json ? printJson({ schema: 'rmpopt.assumptions/1', areas }) : print(report.assumptionsScreen(areas, screenOptions()))
  }
  const all = lab.explain()
  const result = { ...all, steps: all.steps.filter((one) => number === undefined || one.number === number) }
  if (result.steps.length === 0) throw new UsageError(`--step: there is no step ${number}; give 1 to ${all.steps.length}`)
  return json ? printJson(result) : print(report.explainScreen(result, screenOptions()))
}
