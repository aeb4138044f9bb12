import { COSTS, type Costs } from '../../sim/index.ts'
import { Experiments } from './experiments.ts'
import { fitLogarithms, type Target } from './fit.ts'
import type { Measurement } from './measurements.ts'
import { costsFrom, PARAMETERS, type ParameterValues } from './parameters.ts'
import { SimulatedModel } from './simulated-model.ts'

/** The parameters that say these rows best. @param from where to begin: a fit that comes out elsewhere has not been determined */
export function fittedValues(rows: readonly Measurement[], model: SimulatedModel, from: 'low' | 'high' = 'low'): ParameterValues {
  const targets: Target[] = rows.map(({ id, valueNs, sigma }) => ({ id, value: valueNs, sigma }))
  const by = from === 'low' ? 1 : OTHER_START
  const unknowns = PARAMETERS.map(({ start, low, high }) => ({ start: start * by, low, high }))
  return fitLogarithms(targets, unknowns, (values) => targets.map(({ id }) => model.predictNs(id, values)))
}

const OTHER_START = 2

/** Costs that say the same measurements although something else is assumed. */
export interface Refit {
  readonly costs: Costs
  /** Largest error of a row, as a share: how well they can. */
  readonly residualMax: number
}

/** Fits anew under other assumptions. */
export class Refitter {
  readonly #experiments = new Experiments()
  readonly #rows: readonly Measurement[]

  constructor(measurements: readonly Measurement[]) {
    this.#rows = measurements.filter(({ isFitted }) => isFitted)
  }

  refit(assumed: Costs = COSTS): Refit {
    const model = new SimulatedModel(this.#experiments, assumed)
    const values = fittedValues(this.#rows, model)
    const errors = this.#rows.map(({ id, valueNs }) => Math.abs(model.predictNs(id, values) / valueNs - 1))
    return { costs: costsFrom(values, assumed), residualMax: Math.max(...errors) }
  }
}
