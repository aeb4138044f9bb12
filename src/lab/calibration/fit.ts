import { levenbergMarquardt } from 'ml-levenberg-marquardt'

/** One number that a model is to reproduce. */
export interface Target {
  readonly id: string
  /** Above 0. */
  readonly value: number
  /** How uncertain it is, as a share of it: standard deviation of its logarithm. */
  readonly sigma: number
}

/** A parameter to be found, above 0, between bounds. */
export interface Unknown {
  readonly start: number
  readonly low: number
  readonly high: number
}

/** What the model says for all targets, in order, if the parameters are these. */
export type Model = (values: readonly number[]) => readonly number[]

/**
 * Weighted least squares of logarithms, over logarithms of the parameters: errors are shares, parameters stay positive, and what is a
 * product is a line.
 *
 * Residuals are divided by their sigma here and not by the library's `weights`, which (5.1.0) multiplies where it has to divide in
 * one of two places. The library has no test for convergence either: it makes all steps.
 */
export function fitLogarithms(targets: readonly Target[], unknowns: readonly Unknown[], model: Model): number[] {
  const logs = remembering((parameters: readonly number[]) => {
    const said = model(parameters.map(Math.exp))
    return targets.map(({ sigma }, at) => Math.log(said[at]) / sigma)
  })
  const { parameterValues } = levenbergMarquardt(
    { x: targets.map((_, at) => at), y: targets.map(({ value, sigma }) => Math.log(value) / sigma) },
    (parameters) => {
      const y = logs(parameters)
      return (at) => y[at]
    },
    {
      initialValues: unknowns.map(({ start }) => Math.log(start)),
      minValues: unknowns.map(({ low }) => Math.log(low)),
      maxValues: unknowns.map(({ high }) => Math.log(high)),
      gradientDifference: 0.01,
      damping: 0.1,
      errorTolerance: 1e-9,
      maxIterations: STEPS,
    },
  )
  return parameterValues.map(Math.exp)
}

/** Close to a solution each step gains two digits and more. */
const STEPS = 12

/** The library asks for the same point up to three times in a row. */
function remembering<T>(of: (point: readonly number[]) => T): (point: readonly number[]) => T {
  let last: readonly number[] | undefined
  let answer: T
  return (point) => {
    if (last === undefined || point.some((value, at) => value !== last?.[at])) {
      answer = of(point)
      last = [...point]
    }
    return answer
  }
}
