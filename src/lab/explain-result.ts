import type { Ns } from '../arch/index.ts'

/** What `explain` answers: a run of the model on a small host, step by step. */
export interface ExplainResult {
  readonly schema: 'rmpopt.explain/1'
  readonly host: { readonly name: string; readonly memoryBytes: number; readonly cores: number; readonly logicalCpus: number }
  readonly steps: readonly ExplainStep[]
}

export interface ExplainStep {
  /** Counted from 1. */
  readonly number: number
  readonly title: string
  /** What this is about and why, in a few sentences. */
  readonly text: string
  /** Simulated time when the step is over. */
  readonly atNs: Ns
  /** What was done, in order, and what came of it. */
  readonly operations: readonly ExplainOperation[]
  /** Lines of the kernel log. */
  readonly log: readonly string[]
  readonly before: RegionMap
  readonly after: RegionMap
}

export interface ExplainOperation {
  /** Who did it: `CPU 3`, `firmware`, `kernel`. */
  readonly who: string
  /** What, in the words of manual and kernel. */
  readonly what: string
  /** What came of it. */
  readonly result: string
  /** How many like it in a row. */
  readonly times: number
}

/** All regions of the host, lowest first. */
export type RegionMap = readonly {
  readonly assignedPages: number
  /** Cores that have the region optimised. */
  readonly optimisedCores: number
}[]
