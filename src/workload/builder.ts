import { assert } from '../arch/index.ts'
import { BatchNumbers } from './batches.ts'
import { Columns } from './columns.ts'
import { type ColumnNames, isGoodRow, type RawRow, rowOf, rowProblem } from './row.ts'
import type { Trace } from './trace.ts'
import { UserError } from './user-error.ts'

export interface BuilderOptions {
  /** Leave bad rows out and count them, rather than throw. Default: false. */
  readonly skipBadRows?: boolean
  /** More good rows than this are an error. Default and most: `ROWS_MAX`. */
  readonly maxRows?: number
  /** What the rows come from, which says how messages name a row, its columns and the way out. Default: `lines` of a text. */
  readonly from?: 'lines' | 'table' | 'program'
}

/** Rows of the largest trace: 1.5 GB of columns. */
export const ROWS_MAX = 50_000_000

/**
 * Checks rows one by one and packs them into a `Trace`. The reader of every format ends here, so all agree on what is bad.
 */
export class TraceBuilder {
  /** Rows left out so far. */
  skippedRows = 0
  /** Why the first row that was left out was bad; `undefined` while there is none. */
  firstSkipped: string | undefined

  private readonly name: string
  private readonly skipBadRows: boolean
  private readonly maxRows: number
  private readonly wording: Wording
  private readonly batches = new BatchNumbers()
  private readonly columns = new Columns()

  /** @param name where the rows come from, for messages: a file name */
  constructor(name: string, options: BuilderOptions = {}) {
    this.name = name
    this.skipBadRows = options.skipBadRows ?? false
    this.maxRows = Math.min(options.maxRows ?? ROWS_MAX, ROWS_MAX)
    this.wording = WORDINGS[options.from ?? 'lines']
  }

  /**
   * Adds the next row of the source.
   * @param line number of the row in its source, from 1, for messages
   * @throws UserError for a bad row, unless such rows are skipped, and beyond the largest number of rows
   */
  add(raw: RawRow, line: number): void {
    const row = rowOf(raw)
    if (!isGoodRow(row, raw)) {
      const problem = rowProblem(raw, this.wording.names)
      assert(problem !== undefined, 'a bad row has a problem')
      this.reject(line, problem)
      return
    }
    if (this.columns.count >= this.maxRows) throw this.error(line, `more than ${this.maxRows} VMs; split the trace`)
    this.columns.push(this.batches.numberOf(raw.batch_id), row)
  }

  /**
   * Counts a row as bad that its reader could not take apart.
   * @param problem what is wrong, naming column and value
   * @throws UserError unless bad rows are skipped
   */
  reject(line: number, problem: string): void {
    if (!this.skipBadRows) throw this.error(line, `${problem}; ${this.wording.wayOut}`)
    this.skippedRows++
    this.firstSkipped ??= this.error(line, problem).message
  }

  /**
   * The trace of the rows added, sorted by creation; rows created together keep their order.
   * @throws UserError when there is no good row
   */
  finish(): Trace {
    if (this.columns.count > 0) return { name: this.name, ...this.columns.finish(), skippedRows: this.skippedRows }
    if (this.firstSkipped === undefined) throw new UserError(`${this.name}: has no VMs; give a trace of at least one row`)
    throw new UserError(`${this.name}: has no good row, correct them; the first: ${this.firstSkipped}`)
  }

  private error(line: number, what: string): UserError {
    return new UserError(`${this.name}${this.wording.position}${line}: ${what}`)
  }
}

interface Wording {
  readonly position: string
  readonly names: ColumnNames
  readonly wayOut: string
}

const FILE_NAMES: ColumnNames = {
  batch_id: 'batch_id',
  created_s: 'created_s',
  deleted_s: 'deleted_s',
  vcpus: 'vcpus',
  memory_gb: 'memory_gb',
}
const PROGRAM_NAMES: ColumnNames = {
  batch_id: 'batchId',
  created_s: 'createdS',
  deleted_s: 'deletedS',
  vcpus: 'vcpus',
  memory_gb: 'memoryGib',
}
const SKIP_OR_CORRECT = 'correct the row, or pass --skip-bad-rows to leave such rows out'

const WORDINGS: Readonly<Record<'lines' | 'table' | 'program', Wording>> = {
  lines: { position: ':', names: FILE_NAMES, wayOut: SKIP_OR_CORRECT },
  table: { position: ', row ', names: FILE_NAMES, wayOut: SKIP_OR_CORRECT },
  program: { position: ', row ', names: PROGRAM_NAMES, wayOut: 'correct the row' },
}
