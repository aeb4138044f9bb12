import type { DuckDBConnection } from '@duckdb/node-api'
import { RESULTS_SCHEMA, TABLES, type Table, type Value } from './results-schema.ts'

/**
 * Works on a database, which is closed and complete afterwards. DuckDB is loaded by whoever asks for one.
 * @param path of a file, or `:memory:`
 */
export async function withDatabase<T>(
  path: string,
  access: 'READ_ONLY' | 'READ_WRITE',
  work: (database: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(path, { access_mode: access })
  try {
    const database = await instance.connect()
    try {
      return await work(database)
    } finally {
      database.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

/** The rows that a query gives. */
export async function query(database: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await database.runAndReadAll(sql)).getRows()
}

/** Makes the tables of a file of results, with comments on each table and column. */
export async function createTables(database: DuckDBConnection): Promise<void> {
  const statements = [
    'CREATE TABLE meta (schema VARCHAR NOT NULL)',
    `COMMENT ON TABLE meta IS 'One row: what the tables of this file are.'`,
    `COMMENT ON COLUMN meta.schema IS 'Name and version of the schema'`,
    `INSERT INTO meta VALUES (${quoted(RESULTS_SCHEMA)})`,
    ...TABLES.flatMap(creation),
  ]
  await database.run(`${statements.join(';\n')};`)
}

function creation({ name, comment, columns, key }: Table): string[] {
  const own = columns.map(({ name: column, type, isNullable }) => `${column} ${type}${isNullable ? '' : ' NOT NULL'}`)
  const all = ['experiment INTEGER NOT NULL', ...own, `PRIMARY KEY (${['experiment', ...key].join(', ')})`]
  return [
    `CREATE TABLE ${name} (${all.join(', ')})`,
    `COMMENT ON TABLE ${name} IS ${quoted(comment)}`,
    `COMMENT ON COLUMN ${name}.experiment IS 'Number of the experiment, from 1'`,
    ...columns.map(({ name: column, comment: about }) => `COMMENT ON COLUMN ${name}.${column} IS ${quoted(about)}`),
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Adds rows to a table. */
export async function append(
  database: DuckDBConnection,
  { name, columns }: Table,
  experiment: number,
  rows: readonly Value[][],
): Promise<void> {
  const { listValue } = await import('@duckdb/node-api')
  const appender = await database.createAppender(name)
  for (const row of rows) {
    appender.appendInteger(experiment)
    for (const [i, { type }] of columns.entries()) {
      const value = row[i]
      if (value === null) appender.appendNull()
      else if (type === 'BIGINT') appender.appendBigInt(BigInt(Math.round(value as number)))
      else if (type === 'INTEGER') appender.appendInteger(value as number)
      else if (type === 'DOUBLE') appender.appendDouble(value as number)
      else if (type === 'BOOLEAN') appender.appendBoolean(value as boolean)
      else if (type === 'VARCHAR') appender.appendVarchar(value as string)
      else appender.appendValue(listValue(value as string[]), appender.columnType(i + 1))
    }
    appender.endRow()
  }
  appender.closeSync()
}
