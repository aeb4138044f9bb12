import type { CompareResult, RunHooks } from '../lab/index.ts'
import { UsageError } from './output.ts'
import type { CompareFlags } from './program.ts'

type Simulate = NonNullable<RunHooks['simulate']>

/** Where a comparison goes, checked before hours are spent on it. */
export interface CompareOutput {
  /** Keeps what is finished, and takes up what an interrupted run has left. */
  keeping(simulate: Simulate, of: object): Simulate
  write(result: CompareResult): Promise<void>
}

/** @throws UserError or UsageError for paths that cannot be written */
export async function compareOutput({ out, save, resume }: CompareFlags): Promise<CompareOutput> {
  const { checkResults, checkWritable, Journal, saveResults, writeWhole } = await import('../files/index.ts')
  for (const [flag, path] of [
    ['--out', out],
    ['--save', save],
  ] as const) {
    if (path !== undefined) await checkWritable(path, flag)
  }
  if (out !== undefined && !/\.html?$/.test(out)) throw new UsageError(`--out: ${out}: does not end in .html; name an HTML file`)
  if (save !== undefined) await checkResults(save)
  const at = out ?? save
  if (resume && at === undefined) {
    throw new UsageError('--resume: without --out or --save nothing is kept to go on from; give the one you gave before')
  }
  const journal = at === undefined ? undefined : new Journal(`${at}.partial`, resume === true)
  return {
    keeping: (simulate, of) => journal?.keeping(simulate, of) ?? simulate,
    write: async (result) => {
      if (out !== undefined) await writeWhole(out, await (await import('../report/index.ts')).compareReport(result))
      if (save !== undefined) await saveResults(save, result)
      journal?.remove()
    },
  }
}
