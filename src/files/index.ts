export { type ReadTraceOptions, readTrace } from './trace.ts'
