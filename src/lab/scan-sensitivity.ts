import { COST_ASSUMPTIONS, COSTS, type CostAssumption, type Costs, withCost } from '../sim/index.ts'
import { type Refit, Refitter } from './calibration/fitted.ts'
import type { Measurement } from './calibration/measurements.ts'
import type { PassTimes, SensitivityRow } from './scan-result.ts'

/** Assumed costs that a pass may depend on; a test holds that it depends on no other. */
export const SWEPT = ['ipiPerCpuNs', 'taskSwitchNs', 'scanContentionNs', 'batchContention', 'irqNs', 'reportNs']

/** All costs with an assumed one at either end of its range. */
export interface SweptCost {
  readonly assumption: CostAssumption
  readonly atLow: Refit
  readonly atHigh: Refit
}

/**
 * The costs to repeat a pass at. The fitted ones are fitted anew each time: whatever is assumed, the measurements stay what they are.
 * Takes about a second, and serves any number of scans.
 */
export function sweptCosts(measurements: readonly Measurement[]): SweptCost[] {
  const refitter = new Refitter(measurements)
  return COST_ASSUMPTIONS.filter(({ name }) => SWEPT.includes(name)).map((assumption) => {
    const at = (end: number) => refitter.refit(withCost(COSTS, assumption.name, end))
    return { assumption, atLow: at(assumption.low), atHigh: at(assumption.high) }
  })
}

/** What a pass would take at each of them. */
export function sensitivityOf(timesAt: (costs: Costs) => PassTimes, swept: readonly SweptCost[]): SensitivityRow[] {
  const passAt = ({ costs, residualMax }: Refit) => ({ ...timesAt(costs), residualMax })
  return swept.map(({ assumption: { name, unit, value, low, high, why }, atLow, atHigh }) => {
    return { name, unit, value, low, high, why, atLow: passAt(atLow), atHigh: passAt(atHigh) }
  })
}
