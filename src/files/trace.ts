import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { type Trace, UserError } from '../workload/index.ts'
import { readParquetTrace } from './parquet.ts'
import { fileProblem } from './problem.ts'
import { readTextTrace } from './text.ts'

export interface ReadTraceOptions {
  /** Leave bad rows out and count them in `skippedRows`, rather than fail at the first. Default: false. */
  readonly skipBadRows?: boolean
}

/**
 * Reads a trace from a file: comma-separated text, plain or gzip'd, in our own columns or in those of Azure's `vmtable.csv`, or
 * Parquet. Its first bytes tell what it is, and a name that says otherwise is an error. docs/workload.md tells the formats.
 *
 * @throws UserError for a file that is not there, cannot be read or is no trace; for a bad row, unless such rows are skipped
 */
export async function readTrace(path: string, options: ReadTraceOptions = {}): Promise<Trace> {
  const bytes = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  try {
    const { start, all } = await peeked(bytes)
    const trace = await readAs(formatOf(path, start), path, all, options)
    return { ...trace, name: basename(path) }
  } catch (error) {
    throw fileProblem(path, error)
  } finally {
    bytes.destroy()
  }
}

const CHUNK_BYTES = 256 * 1024

type Format = 'text' | 'gzip' | 'parquet'

function readAs(format: Format, path: string, bytes: AsyncIterable<Buffer>, options: ReadTraceOptions): Promise<Trace> {
  // Parquet is read from its end, so the stream is of no use.
  if (format === 'parquet') return readParquetTrace(path, options)
  return readTextTrace(path, bytes, { gzip: format === 'gzip', ...options })
}

function formatOf(path: string, start: Buffer): Format {
  const isGzip = start[0] === 0x1f && start[1] === 0x8b
  const isParquet = start.subarray(0, 4).toString('latin1') === 'PAR1'
  if (start.length > 0 && /\.gz$/i.test(path) && !isGzip)
    throw new UserError(`${path}: is not gzip'd; rename it, or compress it again`)
  if (start.length > 0 && /\.parquet$/i.test(path) && !isParquet)
    throw new UserError(`${path}: is not Parquet; rename it, or write it again`)
  if (isGzip) return 'gzip'
  return isParquet ? 'parquet' : 'text'
}

/** The first chunk of a stream, and the stream with that chunk still in it. */
async function peeked(bytes: AsyncIterable<Buffer>): Promise<{ start: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  const first = await iterator.next()
  const start: Buffer = first.done ? Buffer.alloc(0) : first.value
  async function* all() {
    yield start
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  return { start, all: all() }
}
