import { TraceBuilder } from './builder.ts'
import type { Trace } from './trace.ts'

/** One VM, as a program gives it. */
export interface TraceRow {
  /** VMs of the same batch were started together by one tenant. Default: a batch of its own. */
  readonly batchId?: string | number
  /** Seconds from the start of the trace, 0 or more. */
  readonly createdS: number
  /** Seconds, `createdS` or more. Default, and `Infinity`: still running at the end. */
  readonly deletedS?: number
  /** A whole number, 1..65535. */
  readonly vcpus: number
  /** GiB, more than 0, fractions allowed. */
  readonly memoryGib: number
}

/**
 * A trace of rows in memory, in any order.
 * @param name for people; appears in messages and results
 * @throws UserError for a bad row, counted from 1, and when there are no rows
 */
export function traceFromRows(rows: Iterable<TraceRow>, name = 'rows'): Trace {
  const builder = new TraceBuilder(name, { from: 'program' })
  let line = 0
  for (const row of rows) {
    const deleted_s = row.deletedS === Number.POSITIVE_INFINITY ? undefined : row.deletedS
    const { batchId: batch_id, createdS: created_s, vcpus, memoryGib: memory_gb } = row
    builder.add({ batch_id, created_s, deleted_s, vcpus, memory_gb }, ++line)
  }
  return builder.finish()
}
