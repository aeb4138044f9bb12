export { readLitmus } from './litmus.ts'
export { formatScenario, readScenario } from './scenario.ts'
export { type ReadTraceOptions, readTrace } from './trace.ts'
