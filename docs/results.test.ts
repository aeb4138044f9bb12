import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { query, withDatabase } from '../src/files/database.ts'
import { TABLES } from '../src/files/results-schema.ts'
import { rmpopt } from '../src/testing/program.ts'

// Commands, schema and queries of docs/results.md, made again and compared byte for byte.
// `npx vitest run docs/results.test.ts -u` writes them.
const root = fileURLToPath(new URL('..', import.meta.url))
const PAGE = `${root}docs/results.md`
const page = readFileSync(PAGE, 'utf8')

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-docs-'))
const file = join(directory, 'results.duckdb')
afterAll(() => rmSync(directory, { recursive: true }))
const ask = (sql: string) => withDatabase(file, 'READ_ONLY', (database) => query(database, sql))

beforeAll(async () => {
  const [, commands] = page.match(/```sh\n([\s\S]*?)```/) as RegExpMatchArray
  for (const line of commands.trim().split('\n')) {
    const { code, stderr } = await rmpopt(root, line.replace(/^rmpopt /, '').replace('results.duckdb', file))
    expect({ code, stderr }).toEqual({ code: 0, stderr: `rmpopt: wrote ${file}\n` })
  }
}, 60_000)

const SCHEMA = /(?<=<!-- schema -->\n)[\s\S]*(?=\n<!-- \/schema -->)/
const EXAMPLE = /(```sql\n([\s\S]*?)```\n\n```text\n)[\s\S]*?(?=```)/g

test('docs/results.md shows the tables that there are, and what the queries give', async () => {
  const outputs = new Map<string, string>()
  for (const [, , sql] of page.matchAll(EXAMPLE)) outputs.set(sql, await answer(sql))
  const schema = await described()
  const fresh = page.replace(SCHEMA, () => schema).replace(EXAMPLE, (_, before: string, sql: string) => before + outputs.get(sql))
  expect(outputs.size).toBeGreaterThanOrEqual(3)
  await expect(fresh).toMatchFileSnapshot(PAGE)
})

/** Every table of the file, by what the file says of itself. */
async function described(): Promise<string> {
  const sections = ['meta', ...TABLES.map(({ name }) => name)].map(async (name) => {
    const [[comment]] = await ask(`SELECT comment FROM duckdb_tables() WHERE table_name = '${name}'`)
    const columns = await ask(
      `SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = '${name}' ORDER BY column_index`,
    )
    const rows = columns.filter(([column]) => column !== 'experiment').map(([column, ...rest]) => [`\`${column}\``, ...rest])
    const lines = [['column', 'type', 'what'], ['---', '---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`)
    return `\n### ${name}\n\n${comment}\n\n${lines.join('\n')}\n`
  })
  return (await Promise.all(sections)).join('')
}

/** What a query gives, as text in columns. */
function answer(sql: string): Promise<string> {
  return withDatabase(file, 'READ_ONLY', async (database) => {
    const reader = await database.runAndReadAll(sql)
    const rows = [
      reader.columnNames(),
      ...reader.getRows().map((row) => row.map((value) => (value === null ? 'NULL' : String(value)))),
    ]
    const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
    const isNumber = rows[0].map((_, i) => rows.slice(1).every((row) => /^(-?[\d.]+|NULL)$/.test(row[i])))
    const padded = (row: string[]) => row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
    return rows.map((row) => `${padded(row).join('  ').trimEnd()}\n`).join('')
  })
}
