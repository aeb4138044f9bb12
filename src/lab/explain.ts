import type { ExplainResult } from './explain-result.ts'
export function explain(): ExplainResult { return { schema: 'rmpopt.explain/1', host: { name: 'tiny', memoryBytes: 0, cores: 0, logicalCpus: 0 }, steps: [] } }
