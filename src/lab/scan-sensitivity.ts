import { COST_ASSUMPTIONS, COSTS, type Costs, withCost } from '../sim/index.ts'
import { Refitter } from './calibration/fitted.ts'
import type { Measurement } from './calibration/measurements.ts'
import type { PassTimes, SensitivityRow } from './scan-result.ts'

/** Assumed costs that a pass may depend on; a test holds that it depends on no other. */
export const SWEPT = ['ipiPerCpuNs', 'taskSwitchNs', 'scanContentionNs', 'batchContention', 'irqNs', 'reportNs']

/**
 * What a pass would take with each assumed cost at either end of its range. The fitted costs are fitted anew each time: whatever is
 * assumed, the measurements stay what they are.
 */
export function sensitivityOf(timesAt: (costs: Costs) => PassTimes, measurements: readonly Measurement[]): SensitivityRow[] {
  const refitter = new Refitter(measurements)
  return COST_ASSUMPTIONS.filter(({ name }) => SWEPT.includes(name)).map(({ name, unit, value, low, high, why }) => {
    const [atLow, atHigh] = [low, high].map((end) => {
      const { costs, residualMax } = refitter.refit(withCost(COSTS, name, end))
      return { ...timesAt(costs), residualMax }
    })
    return { name, unit, value, low, high, why, atLow, atHigh }
  })
}
