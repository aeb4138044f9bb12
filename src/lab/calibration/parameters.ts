import { COSTS, type Costs, summaryTimes } from '../../sim/index.ts'

/** What the fit finds: parameters of the hardware, and one of an experiment. */
export const PARAMETERS = [
  { name: 'summaryNs', unit: 'ns', what: 'reading one 2 MiB summary on the own socket', start: 20, low: 1, high: 1000 },
  {
    name: 'numaSpread',
    unit: 'share',
    what: 'on the own node it takes 1 + this times less, on another socket as much more',
    start: 0.1,
    low: 0.001,
    high: 0.95,
  },
  { name: 'cachedNs', unit: 'ns', what: 'taking a stored result, alone', start: 1000, low: 10, high: 100_000 },
  {
    name: 'cachedContentionNs',
    unit: 'ns',
    what: 'for each core ahead that takes the same result',
    start: 100,
    low: 1,
    high: 10_000,
  },
  {
    name: 'wakeNs',
    unit: 'ns',
    what: 'reaching an idle CPU by interrupt, and hearing back',
    start: 10_000,
    low: 100,
    high: 1_000_000,
  },
  {
    name: 'deepShare',
    unit: 'share',
    what: 'regions of the 1038 GiB machine that every CPU scans to the end in vain: nothing of the hardware',
    start: 0.03,
    low: 0.0001,
    high: 0.9,
  },
] as const

export type ParameterName = (typeof PARAMETERS)[number]['name']

/** A value for each parameter, in order. */
export type ParameterValues = readonly number[]

export function parameterOf(values: ParameterValues, name: ParameterName): number {
  return values[PARAMETERS.findIndex((parameter) => parameter.name === name)]
}

/** The costs that these values make; what is assumed stays as it is. */
export function costsFrom(values: ParameterValues, assumed: Costs = COSTS): Costs {
  return {
    ...assumed,
    summaryNs: summaryTimes(parameterOf(values, 'summaryNs'), parameterOf(values, 'numaSpread')),
    cachedNs: parameterOf(values, 'cachedNs'),
    cachedContentionNs: parameterOf(values, 'cachedContentionNs'),
    wakeNs: parameterOf(values, 'wakeNs'),
  }
}
