import type { Ns } from '../arch/index.ts'
import { COSTS } from '../sim/index.ts'
import { UserError } from '../workload/index.ts'
import { Experiments } from './calibration/experiments.ts'
import { fittedValues } from './calibration/fitted.ts'
import type { Measurement } from './calibration/measurements.ts'
import { PARAMETERS, type ParameterValues } from './calibration/parameters.ts'
import { SimulatedModel } from './calibration/simulated-model.ts'

/** What `rmpopt calibrate` finds. */
export interface CalibrateResult {
  readonly schema: 'rmpopt.calibrate/1'
  readonly parameters: readonly FittedParameter[]
  readonly rows: readonly FittedRow[]
  /** Largest error of the rows that the fit uses, and of those each left out, as shares. */
  readonly residualMax: number
  readonly leaveOneOutErrorMax: number
}

export interface FittedParameter {
  readonly name: string
  readonly unit: 'ns' | 'share'
  readonly what: string
  readonly value: number
  /** Rows that determine it: how much of a percent it changes when the row does by one. Strongest first, weak ones left out. */
  readonly determinedBy: readonly { readonly row: string; readonly elasticity: number }[]
}

export interface FittedRow {
  readonly id: string
  readonly what: string
  readonly source: string
  readonly why: string
  readonly isFitted: boolean
  readonly measuredNs: Ns
  /** Standard deviation that the fit gives it, as a share: the smaller, the more it weighs. */
  readonly sigma: number
  readonly predictedNs: Ns
  /** (predicted − measured) ÷ measured. */
  readonly residual: number
  /** What the others alone would have said of it; `null`: the fit does not use it. */
  readonly leaveOneOut: { readonly predictedNs: Ns; readonly error: number; readonly isDetermined: boolean } | null
}

/** The experiments that a table must have a row for each. */
export const EXPERIMENT_IDS: readonly string[] = [
  'leader-scan-near',
  'leader-scan-far',
  'leader-scan-max',
  'first-page-fail',
  'follower-copy',
  'mean-serial',
  'mean-broadcast',
  'pass-empty',
  'pass-first-page',
  'cross-call',
]

/**
 * Fits the parameters of the cost model to measurements, and asks how well each would have been foretold without it. The
 * measurements are repeated by the simulator. Deterministic.
 * @param where what they came from, for messages
 * @throws UserError when too few of them are to be used
 */
export function calibrate(measurements: readonly Measurement[], where = 'measurements'): CalibrateResult {
  const used = measurements.filter(({ isFitted }) => isFitted)
  if (used.length < PARAMETERS.length) {
    throw new UserError(
      `${where}: ${used.length} rows cannot determine ${PARAMETERS.length} parameters; set fit: true on more rows`,
    )
  }
  const model = new SimulatedModel(new Experiments(), COSTS)
  const values = fittedValues(used, model)
  const rows = measurements.map((row) => fittedRow(row, used, values, model))
  const errors = rows.flatMap(({ leaveOneOut }) => (leaveOneOut === null ? [] : [Math.abs(leaveOneOut.error)]))
  return {
    schema: 'rmpopt.calibrate/1',
    parameters: PARAMETERS.map(({ name, unit, what }, at) => ({
      name,
      unit,
      what,
      value: Number(values[at].toPrecision(DIGITS)),
      determinedBy: determining(at, used, values, model),
    })),
    rows,
    residualMax: Math.max(...rows.filter(({ isFitted }) => isFitted).map(({ residual }) => Math.abs(residual))),
    leaveOneOutErrorMax: Math.max(...errors),
  }
}

/** Digits of a parameter: more than the measurements have. */
const DIGITS = 4

/** Two fits that agree so far are the same. */
const SAME = 0.01

function fittedRow(row: Measurement, used: readonly Measurement[], values: ParameterValues, model: SimulatedModel): FittedRow {
  const { id, what, source, why, isFitted, valueNs, sigma } = row
  const predictedNs = model.simulateNs(id, values)
  const residual = predictedNs / valueNs - 1
  return {
    id,
    what,
    source,
    why,
    isFitted,
    measuredNs: valueNs,
    sigma,
    predictedNs,
    residual,
    leaveOneOut: leftOut(row, used, model),
  }
}

function leftOut(row: Measurement, used: readonly Measurement[], model: SimulatedModel): FittedRow['leaveOneOut'] {
  if (!row.isFitted) return null
  const others = used.filter((other) => other !== row)
  const [one, two] = (['low', 'high'] as const).map((start) => model.simulateNs(row.id, fittedValues(others, model, start)))
  return { predictedNs: one, error: one / row.valueNs - 1, isDetermined: Math.abs(one / two - 1) < SAME }
}

/** Each row is moved a little, and the fit made again. */
function determining(
  parameter: number,
  used: readonly Measurement[],
  values: ParameterValues,
  model: SimulatedModel,
): FittedParameter['determinedBy'] {
  return used
    .map((row) => {
      const moved = used.map((other) => (other === row ? { ...row, valueNs: row.valueNs * (1 + NUDGE) } : other))
      const change = fittedValues(moved, model)[parameter] / values[parameter] - 1
      return { row: row.id, elasticity: Number((change / NUDGE).toFixed(2)) }
    })
    .filter(({ elasticity }) => Math.abs(elasticity) >= WEAK)
    .sort((a, b) => Math.abs(b.elasticity) - Math.abs(a.elasticity))
}

const NUDGE = 0.01
const WEAK = 0.1
