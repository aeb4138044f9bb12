import type { TraceModel } from './model.ts'
export const AZURE_V1: TraceModel = { vmsPerDay: 1, tailExponent: 1, kinds: [] }
