import type { Ns } from '../../arch/index.ts'
import { UserError } from '../../workload/index.ts'
import { nearest } from '../nearest.ts'

/** A published measurement. */
export interface Measurement {
  readonly id: string
  readonly what: string
  /** As published, in `unit`; the middle of the range where only that was. */
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly unit: Unit
  readonly source: string
  /** The fit uses it; if not, it is shown beside what the model says. */
  readonly isFitted: boolean
  readonly why: string
  readonly valueNs: Ns
  /** How uncertain the value is: standard deviation of its logarithm. */
  readonly sigma: number
}

/** Where in a file something is, if it is known: a line number. */
export type LineOf = (path: readonly (string | number)[]) => number | undefined

const UNITS = ['cycles', 'ns', 'us', 'ms', 's'] as const
type Unit = (typeof UNITS)[number]

const TABLE_FIELDS = ['tscGHz', 'rows']
const ROW_FIELDS = ['id', 'what', 'value', 'low', 'high', 'resolution', 'unit', 'source', 'fit', 'why']

/** No model of so few parameters is better than that, however exact the measurement. */
const MODEL_SIGMA = 0.02
/**
 * A range that holds nearly all single values is about six standard deviations wide, and its middle, or either of its ends, is known
 * about twice as well as a single value.
 */
const SIGMAS_IN_RANGE = 12
/** Standard deviation of a value that was read in steps of 1. */
const STEP_SIGMA = 1 / Math.sqrt(12)

/**
 * Checks a table of measurements, as it is in a file.
 * @param known ids of the experiments, each of which must be there once
 * @throws UserError that says what is wrong, where, and what to do
 */
export function measurementsFrom(
  content: unknown,
  known: readonly string[],
  where: string,
  lineOf: LineOf = () => undefined,
): Measurement[] {
  const fail: Fail = (path, message) => {
    const line = lineOf(path)
    throw new UserError(`${where}${line === undefined ? '' : `:${line}`}: ${message}`)
  }
  if (!isMap(content)) return fail([], 'holds no fields; write tscGHz and rows, as in data/measurements.yaml')
  knownFields(content, TABLE_FIELDS, [], fail)
  const { tscGHz, rows } = content
  if (!isPositive(tscGHz)) return fail(['tscGHz'], `tscGHz: ${shown(tscGHz)} is not a number above 0; give the GHz of the TSC`)
  if (!Array.isArray(rows)) return fail(['rows'], 'rows: is not a list; write one row for each measurement')
  const result = rows.map((row: unknown, at) => rowFrom(row, at, tscGHz, known, fail))
  result.forEach(({ id }, at) => {
    if (result.findIndex((row) => row.id === id) < at) fail(['rows', at], `${id}: the row is there twice; keep one of them`)
  })
  const missing = known.find((id) => !result.some((row) => row.id === id))
  if (missing !== undefined) fail(['rows'], `row ${missing} is missing; add it (with fit: false, if it is not to count)`)
  return result
}

type Fail = (path: readonly (string | number)[], message: string) => never
type Fields = Readonly<Record<string, unknown>>

function rowFrom(row: unknown, at: number, tscGHz: number, known: readonly string[], fail: Fail): Measurement {
  const path = ['rows', at]
  if (!isMap(row)) return fail(path, `row ${at + 1}: holds no fields; write id, what, value, unit, source and fit`)
  const { id } = row
  if (typeof id !== 'string' || !known.includes(id)) {
    const guess = typeof id === 'string' ? nearest(id, known) : undefined
    const advice = guess === undefined ? `choose one of ${known.join(', ')}` : `did you mean ${guess}?`
    return fail(id === undefined ? path : [...path, 'id'], `row ${at + 1}: id ${shown(id)} is not known; ${advice}`)
  }
  knownFields(row, ROW_FIELDS, path, (where, message) => fail(where, `${id}: ${message}`))
  const number = (field: string): number | null => {
    const value = row[field]
    if (value === undefined) return null
    return isPositive(value) ? value : fail([...path, field], `${id}: ${field} ${shown(value)} is not a number above 0; give one`)
  }
  const text = (field: string): string => {
    const value = row[field]
    return typeof value === 'string' ? value : fail([...path, field], `${id}: ${field} is not text; give some`)
  }
  const { fit } = row
  if (typeof fit !== 'boolean') return fail([...path, 'fit'], `${id}: fit is not true or false; say whether the fit is to use it`)
  const unit = unitOf(row, id, path, fail)
  const numbers = { low: number('low'), high: number('high'), value: number('value'), resolution: number('resolution') }
  const { low, high, value } = quantity(numbers, (message) => fail(path, `${id}: ${message}`))
  const nsPerUnit = unit === 'cycles' ? 1 / tscGHz : NS_PER_UNIT[unit]
  const why = row['why'] === undefined ? '' : text('why')
  const stated = { id, what: text('what'), value, low, high, unit, source: text('source'), isFitted: fit, why }
  return { ...stated, valueNs: value * nsPerUnit, sigma: sigmaOf(value, low, high, numbers.resolution) }
}

const NS_PER_UNIT = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const

function unitOf({ unit }: Fields, id: string, path: readonly (string | number)[], fail: Fail): Unit {
  const found = UNITS.find((known) => known === unit)
  if (found !== undefined) return found
  const guess = typeof unit === 'string' ? nearest(unit, UNITS) : undefined
  const advice = guess === undefined ? `choose one of ${UNITS.join(', ')}` : `did you mean ${guess}?`
  return fail(unit === undefined ? path : [...path, 'unit'], `${id}: unit ${shown(unit)} is not known; ${advice}`)
}

function quantity(
  { low, high, value }: { low: number | null; high: number | null; value: number | null },
  fail: (message: string) => never,
): { low: number | null; high: number | null; value: number } {
  if ((low === null) !== (high === null)) return fail('low and high belong together; give both or neither')
  if (low !== null && high !== null && low > high) return fail(`low ${low} is above high ${high}; exchange them`)
  if (value !== null && low !== null && high !== null && (value < low || value > high))
    return fail(`value ${value} is not in the range ${low} to ${high}; correct one of them`)
  if (value !== null) return { low, high, value }
  if (low === null || high === null) return fail('there is no value; give one, or low and high')
  return { low, high, value: (low + high) / 2 }
}

function sigmaOf(value: number, low: number | null, high: number | null, resolution: number | null): number {
  const range = low !== null && high !== null ? Math.log(high / low) / SIGMAS_IN_RANGE : 0
  const steps = resolution === null ? 0 : (resolution / value) * STEP_SIGMA
  return Math.hypot(MODEL_SIGMA, range, steps)
}

function knownFields(fields: Fields, known: readonly string[], path: readonly (string | number)[], fail: Fail): void {
  const unknown = Object.keys(fields).find((field) => !known.includes(field))
  if (unknown === undefined) return
  const guess = nearest(unknown, known)
  fail(
    [...path, unknown],
    `unknown field ${unknown}; ${guess === undefined ? `choose one of ${known.join(', ')}` : `did you mean ${guess}?`}`,
  )
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
