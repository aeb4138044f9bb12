import type { KernelVerdict } from '../check/index.ts'
import type { PolicySpec } from '../policy/index.ts'

/** What came of one property of one policy in one scenario. */
export interface CheckCell extends KernelVerdict {
  readonly policy: string
  readonly scenario: string
  /** Of a property that fails, the length of the shortest run that breaks it. */
  readonly steps?: number
}

/** `rmpopt check --json`. */
export interface CheckResult {
  readonly schema: 'rmpopt.check/1'
  /** Whether no property was seen to fail. */
  readonly holds: boolean
  /** The policies that were asked for, and where to find again those that do not come with the program. */
  readonly policies: readonly CheckedPolicy[]
  /** The scenarios and properties that were asked for, and what they say. */
  readonly scenarios: readonly CheckedScenario[]
  readonly properties: readonly { readonly name: string; readonly sentence: string }[]
  readonly results: readonly CheckCell[]
}

export interface CheckedPolicy {
  readonly name: string
  /** The module that it comes from. */
  readonly path?: string
  /** What it is, where it is a point of the space. */
  readonly point?: PolicySpec
}

export interface CheckedScenario {
  readonly name: string
  readonly sentence: string
  /** The module that it comes from. */
  readonly path?: string
}
