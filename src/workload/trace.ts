/**
 * A VM trace, as columns: 10 million rows must fit in memory, and the simulator reads them in order of arrival.
 * Rows are sorted by `createdS`, then by their order in the source.
 */
export interface Trace {
  /** Where it came from, for people: a file name, or the generator and its seed. */
  readonly name: string
  /** Number of VMs; the length of every column. */
  readonly count: number
  /** Batch of each VM (VMs one tenant started together), numbered from 0 in order of first appearance. */
  readonly batch: Int32Array
  /** When each VM was requested, seconds from the start of the trace. */
  readonly createdS: Float64Array
  /** When each VM was deleted, seconds; `Infinity`: still running at the end. */
  readonly deletedS: Float64Array
  readonly vcpus: Uint16Array
  readonly memoryBytes: Float64Array
  /** Rows left out because they were bad and the caller asked to go on. */
  readonly skippedRows: number
}
