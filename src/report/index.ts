/** Results, shown. Nothing here computes a result. */
import type { CompareResult } from '../lab/index.ts'

export { checkReport } from './html/check/check-report.ts'
export { counterexampleTrace } from './perfetto/counterexamples.ts'
export { perfettoTrace } from './perfetto/perfetto-trace.ts'
export { assumptionsScreen } from './terminal/assumptions-screen.ts'
export { calibrateScreen } from './terminal/calibrate-screen.ts'
export { checkListScreen } from './terminal/check-list-screen.ts'
export { checkScreen } from './terminal/check-screen.ts'
export { compareScreen } from './terminal/compare-screen.ts'
export { explainScreen } from './terminal/explain-screen.ts'
export { litmusScreen } from './terminal/litmus-screen.ts'
export { policiesScreen } from './terminal/policies-screen.ts'
export { runScreen } from './terminal/run-screen.ts'
export { scanScreen } from './terminal/scan-screen.ts'
export type { ScreenOptions } from './terminal/screen.ts'

/** A comparison as one HTML file; see `html/compare-report.ts`, which is loaded on demand: plots take a third of a second to load. */
export async function compareReport(result: CompareResult): Promise<string> {
  const html = await import('./html/compare-report.ts')
  return html.compareReport(result)
}
