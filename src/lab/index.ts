/** Experiments a person asks for, and their typed results. */

export type { Fact, StoryStep } from '../check/index.ts'
export { BACKINGS, PLACEMENTS } from '../kernel/index.ts'
export { POLICIES, type Policy, type PolicySpec } from '../policy/index.ts'
export { HOSTS } from '../sim/index.ts'
export { generateTrace, type Trace, traceFromRows, UserError } from '../workload/index.ts'
export { type Assumption, assumptions } from './assumptions.ts'
export { type CalibrateResult, calibrate, EXPERIMENT_IDS, type FittedParameter, type FittedRow } from './calibrate.ts'
export { type Measurement, measurementsFrom } from './calibration/measurements.ts'

export {
  type CheckCell,
  type CheckHooks,
  type CheckInput,
  type CheckResult,
  check,
  checkReplayed,
  REVISIONS,
} from './check.ts'
export { type CompareOptions, compareScenario } from './compare.ts'
export type { ComparedFigure, ComparedPolicy, CompareResult, RegionTimeMap, Sensitivity } from './compare-result.ts'

export { explain } from './explain.ts'
export type { ExplainOperation, ExplainResult, ExplainStep, RegionMap } from './explain-result.ts'
export type { HostCounter, HostEvents, HostSpan } from './host-events.ts'
export { type HostJob, type HostOutcome, type PolicyRef, runHost } from './host-run.ts'
export { type HostEventsOptions, hostEvents } from './host-trace.ts'
export { type LitmusFileResult, type LitmusResult, type LitmusSource, litmus, litmusFormatted } from './litmus.ts'
export { nearest } from './nearest.ts'
export { type PolicyInput, resolvePolicy } from './policy-input.ts'
export { type LoadedPolicy, policyFrom } from './policy-module.ts'
export type { RunResult } from './result.ts'
export { type RunHooks, type RunOptions, run, runScenario } from './run.ts'
export { type ScanExtras, scan } from './scan.ts'
export { resolveScan, SCAN_LOOPS, SCAN_STATES, SCAN_THREADS, type ScanInput, type ScanOptions } from './scan-options.ts'
export type { PassAtEnd, PassResult, PassTimes, ScanResult, SensitivityRow, Spread } from './scan-result.ts'
export { type SweptCost, sweptCosts } from './scan-sensitivity.ts'
export { resolveScenario, type Scenario, type ScenarioInput, scenarioInput } from './scenario.ts'
export { tableAt } from './table.ts'
