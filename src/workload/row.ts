import { GIB } from '../arch/index.ts'

/** A cell as a reader found it: text, a number, or nothing. */
export type Cell = string | number | bigint | null | undefined

/** One VM of a trace file, not yet checked. */
export interface RawRow {
  /** Batch of the VM, any text; nothing: the VM is a batch of its own. */
  readonly batch_id: Cell
  /** Seconds from the start of the trace, 0..`TIME_MAX_S`. */
  readonly created_s: Cell
  /** Seconds from the start of the trace, `created_s`..`TIME_MAX_S`; nothing: still running at the end. */
  readonly deleted_s: Cell
  /** A whole number, 1..65535. */
  readonly vcpus: Cell
  /** GiB, from one byte to `MEMORY_MAX_GIB`, fractions allowed. Clouds write "GB" and mean this. */
  readonly memory_gb: Cell
}

/** The latest time a trace may tell: the last whole second that is exact in nanoseconds, 104 days. */
export const TIME_MAX_S = Math.floor(Number.MAX_SAFE_INTEGER / 1e9)
/** Memory of the largest VM, GiB: 1 PiB, half of what an SPA can address. */
export const MEMORY_MAX_GIB = 1024 ** 2
const VCPUS_MAX = 65535

/** One VM in the units of a `Trace`; what is not a number in the source is `NaN`. */
export interface Row {
  readonly createdS: number
  readonly deletedS: number
  readonly vcpus: number
  readonly memoryBytes: number
}

export function rowOf(raw: RawRow): Row {
  return {
    createdS: numberOf(raw.created_s),
    deletedS: isBlank(raw.deleted_s) ? Number.POSITIVE_INFINITY : numberOf(raw.deleted_s),
    vcpus: numberOf(raw.vcpus),
    memoryBytes: Math.round(numberOf(raw.memory_gb) * GIB),
  }
}

/** Whether a row may be part of a trace: exactly when `rowProblem` has nothing to say about it. */
export function isGoodRow({ createdS, deletedS, vcpus, memoryBytes }: Row, raw: RawRow): boolean {
  return (
    createdS >= 0 &&
    createdS <= TIME_MAX_S &&
    deletedS >= createdS &&
    (deletedS <= TIME_MAX_S || isBlank(raw.deleted_s)) &&
    vcpus >= 1 &&
    vcpus <= VCPUS_MAX &&
    Number.isInteger(vcpus) &&
    memoryBytes >= 1 &&
    memoryBytes <= MEMORY_MAX_GIB * GIB
  )
}

/** What the source calls the columns, for messages. */
export type ColumnNames = Readonly<Record<keyof RawRow, string>>

/**
 * The first thing wrong with a row, naming column and value, or `undefined` for a good row.
 * @param names what the source calls the columns
 */
export function rowProblem(raw: RawRow, names: ColumnNames): string | undefined {
  return createdProblem(raw, names) ?? deletedProblem(raw, names) ?? vcpusProblem(raw, names) ?? memoryProblem(raw, names)
}

/** Whether a cell says nothing: missing, or nothing but blanks. */
export function isBlank(cell: Cell): boolean {
  return cell === '' || cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '')
}

/** A cell as a number; `NaN` for anything but a decimal number: blank, text, `0x10`, `Infinity`. */
function numberOf(cell: Cell): number {
  if (typeof cell === 'number') return cell
  if (typeof cell !== 'string') return cell === null || cell === undefined ? Number.NaN : Number(cell)
  const first = cell.charCodeAt(0)
  const second = cell.charCodeAt(1)
  // A digit, and no letter after it as in 0x10: whatever else `Number` takes is a decimal number.
  if (first >= 0x30 && first <= 0x39 && !(second > 0x39)) return Number(cell)
  return DECIMAL.test(cell) ? Number(cell) : Number.NaN
}

const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i

function createdProblem({ created_s }: RawRow, names: ColumnNames): string | undefined {
  return timeProblem(names.created_s, created_s)
}

function deletedProblem({ created_s, deleted_s }: RawRow, names: ColumnNames): string | undefined {
  if (isBlank(deleted_s)) return undefined
  const problem = timeProblem(names.deleted_s, deleted_s)
  if (problem !== undefined) return `${problem} (leave it empty for a VM that still runs at the end)`
  if (numberOf(deleted_s) >= numberOf(created_s)) return undefined
  return `${names.deleted_s} ${shown(deleted_s)} is before ${names.created_s} ${shown(created_s)}`
}

function vcpusProblem({ vcpus }: RawRow, names: ColumnNames): string | undefined {
  const problem = numberProblem(names.vcpus, vcpus)
  if (problem !== undefined) return problem
  const value = numberOf(vcpus)
  if (Number.isInteger(value) && value >= 1 && value <= VCPUS_MAX) return undefined
  return `${names.vcpus} ${shown(vcpus)} is not a whole number of 1..${VCPUS_MAX}`
}

function memoryProblem({ memory_gb }: RawRow, names: ColumnNames): string | undefined {
  const problem = numberProblem(names.memory_gb, memory_gb)
  if (problem !== undefined) return problem
  if (Math.round(numberOf(memory_gb) * GIB) < 1) return `${names.memory_gb} ${shown(memory_gb)} is not more than 0`
  if (Math.round(numberOf(memory_gb) * GIB) > MEMORY_MAX_GIB * GIB)
    return `${names.memory_gb} ${shown(memory_gb)} is more than ${MEMORY_MAX_GIB} GiB`
  return undefined
}

function timeProblem(column: string, cell: Cell): string | undefined {
  const problem = numberProblem(column, cell)
  if (problem !== undefined) return problem
  const value = numberOf(cell)
  if (value < 0) return `${column} ${shown(cell)} is negative`
  if (value > TIME_MAX_S) {
    return `${column} ${shown(cell)} is beyond ${TIME_MAX_S} s (104 days; count from the start of the trace)`
  }
  return undefined
}

function numberProblem(column: string, cell: Cell): string | undefined {
  if (isBlank(cell)) return `${column} is missing`
  return Number.isFinite(numberOf(cell)) ? undefined : `${column} ${shown(cell)} is not a number`
}

/** A cell in a message: text that is no number in quotes, on one line and not too long. */
function shown(cell: Cell): string {
  if (typeof cell !== 'string') return String(cell)
  if (Number.isFinite(numberOf(cell))) return cell.trim().slice(0, SHOWN_MAX)
  return JSON.stringify(cell.length > SHOWN_MAX ? `${cell.slice(0, SHOWN_MAX)}…` : cell)
}

const SHOWN_MAX = 40
