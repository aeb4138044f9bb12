import type { PolicyRef, Scenario, Trace } from '../lab/index.ts'
import { remark } from './output.ts'
import { checkSeparate } from './separate-outputs.ts'

/** Where the trace of a host goes, checked before the work. */
export interface PerfettoOutput {
  /** Simulates the first host, watches it, and writes what happens. */
  write(scenario: Scenario, trace: Trace, policy?: PolicyRef): Promise<void>
  /** Says that it is written. */
  tell(): void
}

/**
 * @param path where to; `undefined`: nowhere @param others where other output goes
 * @throws UserError or UsageError for a path that cannot be written, or that is another's
 */
export async function perfettoOutput(
  path: string | undefined,
  others: { readonly out?: string; readonly save?: string } = {},
): Promise<PerfettoOutput> {
  if (path === undefined) return { write: async () => {}, tell: () => {} }
  checkSeparate({ '--out': others.out, '--save': others.save, '--perfetto': path })
  const { checkWritable, writeWhole } = await import('../files/index.ts')
  await checkWritable(path, '--perfetto')
  return {
    write: async (scenario, trace, policy = scenario.policy) => {
      const [{ hostEvents }, { perfettoTrace }] = await Promise.all([import('../lab/index.ts'), import('../report/index.ts')])
      await writeWhole(path, perfettoTrace(hostEvents({ ...scenario, policy }, trace)))
    },
    tell: () => remark(`wrote ${path}`),
  }
}
