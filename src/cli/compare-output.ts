import type { CompareResult, RunHooks } from '../lab/index.ts'
import { UsageError } from './output.ts'
import type { CompareFlags } from './program.ts'

type Simulate = NonNullable<RunHooks['simulate']>

/** Where a comparison goes, checked before hours are spent on it. */
export interface CompareOutput {
  /** Keeps what is finished, and takes up what an interrupted run has left. @param of all that outcomes depend on */
  keeping(simulate: Simulate, of: object): Promise<Simulate>
  write(result: CompareResult): Promise<void>
}

/** @throws UserError or UsageError for paths that cannot be written */
export async function compareOutput({ out, save, resume }: CompareFlags): Promise<CompareOutput> {
  const { checkResults, checkWritable, Journal, saveResults, writeWhole } = await import('../files/index.ts')
  if (out !== undefined) await checkWritable(out, '--out')
  if (out !== undefined && !/\.html?$/.test(out)) throw new UsageError(`--out: ${out}: does not end in .html; name an HTML file`)
  if (save !== undefined) await checkWritable(save, '--save')
  if (save !== undefined) await checkResults(save)
  const at = out ?? save
  if (resume && at === undefined) {
    throw new UsageError('--resume: without --out or --save nothing is kept to go on from; give the one you gave before')
  }
  let journal: Awaited<ReturnType<typeof Journal.open>> | undefined
  return {
    keeping: async (simulate, of) => {
      if (at === undefined) return simulate
      journal = await Journal.open(`${at}.partial`, of, resume === true)
      return journal.keeping(simulate)
    },
    write: async (result) => {
      if (out !== undefined) await writeWhole(out, await (await import('../report/index.ts')).compareReport(result))
      if (save !== undefined) await saveResults(save, result)
      journal?.remove()
    },
  }
}
