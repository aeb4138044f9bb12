/** Results, shown. Nothing here computes a result. */
export { assumptionsScreen } from './terminal/assumptions-screen.ts'
export { explainScreen } from './terminal/explain-screen.ts'
export { litmusScreen } from './terminal/litmus-screen.ts'
export { runScreen } from './terminal/run-screen.ts'
export type { ScreenOptions } from './terminal/screen.ts'
