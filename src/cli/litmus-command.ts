import { AnswerIsNo, print, printJson, screenOptions, UsageError } from './output.ts'
import type { LitmusFlags } from './program.ts'

/** `rmpopt litmus` */
export async function litmusCommand(paths: readonly string[], { allOutcomes = false, format, json }: LitmusFlags): Promise<void> {
  if (format && paths.length === 0) throw new UsageError('--format: there is nothing to format; name a file')
  const [lab, files, report] = await Promise.all([
    import('../lab/index.ts'),
    import('../files/index.ts'),
    import('../report/index.ts'),
  ])
  const sources = await files.readLitmus(paths)
  if (format) return print(sources.map(lab.litmusFormatted).join('\n'))
  const result = lab.litmus(sources)
  if (json) printJson(result)
  else print(report.litmusScreen(result, allOutcomes, screenOptions()))
  if (!result.holds) throw new AnswerIsNo()
}
