import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { type Cell, COLUMNS, checkColumns, type Trace, TraceBuilder, UserError } from '../workload/index.ts'

/** Reads a trace from a Parquet file, one row group at a time: each must fit in memory. */
export async function readParquetTrace(path: string, options: { readonly skipBadRows?: boolean }): Promise<Trace> {
  const file = await asyncBufferFromFile(path)
  const metadata = await orDamaged(path, () => parquetMetadataAsync(file))
  checkColumns(
    path,
    parquetSchema(metadata).children.map((column) => column.element.name),
  )
  const builder = new TraceBuilder(path, { from: 'table', ...options })
  let start = 0
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows)
    const [batch_id, created_s, deleted_s, vcpus, memory_gb] = await orDamaged(path, () => readGroup(file, metadata, start, end))
    for (let i = 0; i < end - start; i++) {
      const row = {
        batch_id: batch_id[i],
        created_s: created_s[i],
        deleted_s: deleted_s[i],
        vcpus: vcpus[i],
        memory_gb: memory_gb[i],
      }
      builder.add(row, start + i + 1)
    }
    start = end
  }
  return builder.finish()
}

/** The columns of `COLUMNS` over some rows. */
async function readGroup(file: AsyncBuffer, metadata: FileMetaData, rowStart: number, rowEnd: number): Promise<Cell[][]> {
  const cells: Cell[][] = COLUMNS.map(() => new Array(rowEnd - rowStart))
  const columns = [...COLUMNS]
  await parquetRead({
    file,
    metadata,
    columns,
    rowStart,
    rowEnd,
    compressors,
    onChunk: ({ columnName, columnData, rowStart: at }) => {
      const column = cells[(COLUMNS as readonly string[]).indexOf(columnName)]
      for (let i = 0; i < columnData.length; i++) column[at - rowStart + i] = cellOf(columnData[i])
    },
  })
  return cells
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'string') return value
  if (typeof value === 'bigint') return value
  return value instanceof Date ? value.toISOString() : String(value)
}

/** hyparquet throws plain errors, and ones of its own making, for whatever it cannot decode. */
async function orDamaged<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const why = String(error instanceof Error ? error.message : error).split('\n')[0]
    throw new UserError(`${path}: is not readable as Parquet (${why}); write it again`)
  }
}
