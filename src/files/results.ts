import { constants } from 'node:fs'
import { access, copyFile, open, rename, rm } from 'node:fs/promises'
import { extname } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type CompareResult, UserError } from '../lab/index.ts'
import { append, createTables, query, withDatabase } from './database.ts'
import { RESULTS_SCHEMA, TABLES } from './results-schema.ts'

/** A kind of file that results are saved in. */
interface Kind {
  /** @throws UserError for a file that is there and that we must not touch */
  check(path: string): Promise<void>
  /** Writes the file of `path` with the result at `temporary`, where nothing is. */
  write(path: string, temporary: string, result: CompareResult): Promise<void>
}

const KINDS: Readonly<Record<string, Kind>> = {
  '.duckdb': { check: checkDatabase, write: addExperiment },
  '.parquet': { check: checkParquet, write: writeParquet },
}

/**
 * Looks whether `saveResults` will be able to write there: before hours are spent.
 * @throws UserError for another ending, or a file that holds something else
 */
export async function checkResults(path: string): Promise<void> {
  await (await kindOf(path)).check(path)
  if (await isThere(temporaryOf(path))) throw inTheWay(temporaryOf(path))
}

/**
 * Saves a comparison, whole or not at all: in a `.duckdb` file as one experiment more, in a `.parquet` file with a row for each policy
 * instead of what was there. docs/results.md describes both.
 */
export async function saveResults(path: string, result: CompareResult): Promise<void> {
  const temporary = temporaryOf(path)
  const kind = await kindOf(path)
  await kind.check(path)
  await claim(temporary)
  try {
    await kind.write(path, temporary, result)
    await rename(temporary, path)
  } catch (error) {
    await Promise.all([temporary, `${temporary}.wal`].map((name) => rm(name, { force: true })))
    throw unwritable(path, error)
  }
}

async function kindOf(path: string): Promise<Kind> {
  const kind = KINDS[extname(path)]
  if (kind === undefined) throw new UserError(`${path}: ends in neither .duckdb nor .parquet; choose one of them`)
  return kind
}

function temporaryOf(path: string): string {
  return `${path}.writing`
}

/** Nobody else writes this file at the same time: an experiment would be lost. */
async function claim(temporary: string): Promise<void> {
  try {
    await (await open(temporary, 'wx')).close()
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') throw inTheWay(temporary)
    throw unwritable(temporary, error)
  }
}

function inTheWay(temporary: string): UserError {
  return new UserError(`${temporary}: is being written, or was left by a program that was killed; wait, or remove it`)
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** What the disk does is told as such; anything else is a bug of ours. */
function unwritable(path: string, error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string }
  if (code === undefined && !message.startsWith('IO Error')) return error
  return new UserError(`${path}: cannot be written (${code ?? message.split('\n')[0]}); make room, or name another file`)
}

const ADVICE = 'name another file, or none that is there'

async function checkDatabase(path: string): Promise<void> {
  if (!(await isThere(path))) return
  if (await isThere(`${path}.wal`)) {
    throw new UserError(`${path}: ${path}.wal holds changes that are not in it yet; open and close it with DuckDB first`)
  }
  const schema = await withDatabase(path, 'READ_ONLY', schemaOf).catch((error: Error) => {
    const isOpen = error.message.includes('Could not set lock')
    throw new UserError(`${path}: ${isOpen ? 'is open in another program; close it there' : `is no DuckDB file; ${ADVICE}`}`)
  })
  if (schema === undefined) throw new UserError(`${path}: holds other tables than results of rmpopt; ${ADVICE}`)
  if (schema !== RESULTS_SCHEMA) {
    throw new UserError(`${path}: is of schema ${JSON.stringify(schema)}, and this version writes ${RESULTS_SCHEMA}; ${ADVICE}`)
  }
}

/** What a database says that its tables are; `undefined`: it says nothing, or its tables are not so. */
async function schemaOf(database: DuckDBConnection): Promise<string | undefined> {
  const columns = await query(
    database,
    `SELECT table_name || '.' || column_name || ' ' || data_type FROM duckdb_columns() WHERE NOT internal`,
  )
  const found = new Set(columns.flat())
  if (!found.has('meta.schema VARCHAR')) return undefined
  const [[schema]] = [...(await query(database, 'SELECT schema FROM meta')), []]
  const wanted = TABLES.flatMap(({ name, columns: own }) => own.map((column) => `${name}.${column.name} ${column.type}`))
  const isAsItSays = schema !== RESULTS_SCHEMA || wanted.every((column) => found.has(column))
  return isAsItSays ? (schema as string | undefined) : undefined
}

async function addExperiment(path: string, temporary: string, result: CompareResult): Promise<void> {
  const isNew = !(await isThere(path))
  if (isNew) await rm(temporary)
  else await copyFile(path, temporary, constants.COPYFILE_FICLONE)
  await withDatabase(temporary, 'READ_WRITE', async (database) => {
    await database.run('BEGIN')
    if (isNew) await createTables(database)
    const [[last]] = await query(database, 'SELECT coalesce(max(experiment), 0) FROM experiments')
    for (const table of TABLES) await append(database, table, Number(last) + 1, table.rows(result))
    await database.run('COMMIT')
    await database.run('CHECKPOINT')
  })
}

/** A Parquet file says of itself what it is. */
async function checkParquet(path: string): Promise<void> {
  if (!(await isThere(path))) return
  const said = await withDatabase(':memory:', 'READ_WRITE', (database) =>
    query(database, `SELECT decode(value) FROM parquet_kv_metadata(${quoted(path)}) WHERE decode(key) = 'schema'`),
  ).catch(() => {
    throw new UserError(`${path}: is there, and is no Parquet file; ${ADVICE}`)
  })
  if (!said.flat().some((schema) => String(schema).startsWith('rmpopt.results/'))) {
    throw new UserError(`${path}: is there, and was not written by rmpopt; ${ADVICE}`)
  }
}

async function writeParquet(_path: string, temporary: string, result: CompareResult): Promise<void> {
  await withDatabase(':memory:', 'READ_WRITE', async (database) => {
    await createTables(database)
    for (const table of TABLES) await append(database, table, 1, table.rows(result))
    const rows = 'SELECT policies.*, experiments.* FROM policies JOIN experiments USING (experiment) ORDER BY position'
    const all = rows.replaceAll('.*', '.* EXCLUDE (experiment)')
    await database.run(`COPY (${all}) TO ${quoted(temporary)} (FORMAT parquet, KV_METADATA {schema: ${quoted(RESULTS_SCHEMA)}})`)
  })
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
