import type { CheckResult } from '../lab/index.ts'
import { remark, UsageError } from './output.ts'
import type { CheckFlags } from './program.ts'
import { checkSeparate } from './separate-outputs.ts'

/** Where the result of a check goes beside the screen, checked before the work. */
export interface CheckOutput {
  write(result: CheckResult): Promise<void>
  /** Says what is written. */
  tell(result: CheckResult): void
}

/** @throws UserError or UsageError for paths that cannot be written */
export async function checkOutput({ out, report, perfetto, replay }: CheckFlags): Promise<CheckOutput> {
  const { checkWritable, writeWhole } = await import('../files/index.ts')
  const outputs = { '--out': out, '--report': report, '--perfetto': perfetto }
  for (const [flag, path] of Object.entries(outputs)) if (path !== undefined) await checkWritable(path, flag)
  // What --out writes is what --replay reads: a file may be replaced by itself.
  checkSeparate(outputs, { '--replay': out === replay ? undefined : replay })
  if (report !== undefined && !/\.html?$/.test(report))
    throw new UsageError(`--report: ${report}: does not end in .html; name an HTML file`)
  return {
    write: async (result) => {
      const { checkReport, counterexampleTrace } = await import('../report/index.ts')
      if (out !== undefined) await writeWhole(out, `${JSON.stringify(result, null, 2)}\n`)
      if (report !== undefined) await writeWhole(report, checkReport(result))
      if (perfetto !== undefined) await writeWhole(perfetto, counterexampleTrace(result))
    },
    tell: ({ holds }) => {
      for (const path of [out, report]) if (path !== undefined) remark(`wrote ${path}`)
      if (perfetto !== undefined) remark(`wrote ${perfetto}${holds ? ', with no run: nothing fails' : ''}`)
    },
  }
}
