/** Results, shown. Nothing here computes a result. */
export { compareReport } from './html/compare-report.ts'
export { perfettoTrace } from './perfetto/perfetto-trace.ts'
export { assumptionsScreen } from './terminal/assumptions-screen.ts'
export { compareScreen } from './terminal/compare-screen.ts'
export { explainScreen } from './terminal/explain-screen.ts'
export { runScreen } from './terminal/run-screen.ts'
export type { ScreenOptions } from './terminal/screen.ts'
