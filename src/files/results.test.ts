import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inventedComparison } from '../testing/compare-results.ts'
import { query, withDatabase } from './database.ts'
import { checkResults, saveResults } from './index.ts'
import { TABLES } from './results-schema.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-results-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)

const ask = (path: string, sql: string) => withDatabase(path, 'READ_ONLY', (database) => query(database, sql))
const change = (path: string, sql: string) => withDatabase(path, 'READ_WRITE', (database) => query(database, sql))

/** Everything in a file of results, in order. */
async function contentOf(path: string): Promise<unknown> {
  const content: Record<string, unknown[][]> = {}
  for (const { name } of TABLES) content[name] = await ask(path, `FROM ${name}`)
  return content
}

describe('results in a DuckDB file', () => {
  const result = inventedComparison({ policies: ['v9', 'v10', 'none'], moments: 5, seeds: 2, isSwept: true })

  test('hold every figure of the comparison', async () => {
    const path = at('figures.duckdb')
    await saveResults(path, result)
    const [v9] = result.policies
    expect(await ask(path, 'FROM meta')).toEqual([['rmpopt.results/1']])
    expect(
      (await ask(path, 'SELECT experiment, command, host_memory_bytes, vms_snp, seeds_further, versus FROM experiments'))[0],
    ).toEqual([1, result.command, BigInt(result.host.memoryBytes), result.vms.snp, 2, 'v10'])
    expect(await ask(path, 'SELECT policy, position FROM policies')).toEqual([
      ['v9', 1],
      ['v10', 2],
      ['none', 3],
    ])
    expect(
      (await ask(path, `SELECT coverage_mean, cpu_ns, delay_p99_ns, kept_bytes FROM policies WHERE policy = 'v9'`))[0],
    ).toEqual([v9.coverageMean, BigInt(v9.cpuNs), v9.delayNs.p99 === null ? null : BigInt(v9.delayNs.p99), BigInt(v9.keptBytes)])
    expect((await ask(path, `SELECT least, most FROM ranges WHERE policy = 'v9' AND figure = 'cpu_ns'`))[0]).toEqual([
      ...(v9.range?.cpuNs ?? []),
    ])
    expect(await ask(path, `SELECT coverage FROM timeline WHERE policy = 'v9' ORDER BY end_ns`)).toEqual(
      v9.timeline.map(({ coverage }) => [coverage]),
    )
    expect((await ask(path, `SELECT sum(delays)::INTEGER FROM delays WHERE policy = 'v9'`))[0]).toEqual([
      v9.delayHistogram.reduce((sum, { count }) => sum + count, 0),
    ])
    const { cases, conclusions } = result.sensitivity as NonNullable<typeof result.sensitivity>
    expect((await ask(path, 'SELECT count(*)::INTEGER FROM sensitivity'))[0]).toEqual([
      cases.flatMap(({ policies }) => policies).length,
    ])
    const [sentence] = await ask(path, 'SELECT sentence, survives, len(fails_at)::INTEGER FROM conclusions')
    expect(sentence).toEqual([conclusions[0].sentence, conclusions[0].survives, conclusions[0].failsAt.length])
  })

  test('say of every table and column what it is', async () => {
    const path = at('comments.duckdb')
    await saveResults(path, result)
    expect(await ask(path, 'SELECT table_name FROM duckdb_tables() WHERE comment IS NULL')).toEqual([])
    expect(await ask(path, `SELECT column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL`)).toEqual([])
  })

  test('are joined by those of further comparisons', async () => {
    const path = at('two.duckdb')
    await saveResults(path, result)
    await saveResults(path, inventedComparison({ policies: ['v10', 'ideal'], versus: 'ideal' }))
    expect(await ask(path, 'SELECT experiment, versus FROM experiments ORDER BY 1')).toEqual([
      [1, 'v10'],
      [2, 'ideal'],
    ])
    expect(await ask(path, 'SELECT experiment, count(*)::INTEGER FROM policies GROUP BY 1 ORDER BY 1')).toEqual([
      [1, 3],
      [2, 2],
    ])
    expect(readdirSync(directory).filter((name) => name.startsWith('two'))).toEqual(['two.duckdb'])
  })

  test('are the same for the same comparison', async () => {
    for (const name of ['one.duckdb', 'other.duckdb']) await saveResults(at(name), result)
    expect(await contentOf(at('other.duckdb'))).toEqual(await contentOf(at('one.duckdb')))
  })

  test.each<[what: string, prepare: (path: string) => unknown, message: RegExp]>([
    ['no DuckDB file', (path) => writeFileSync(path, 'policy: v10\n'), /: is no DuckDB file; name another file/],
    ['an empty file', (path) => writeFileSync(path, ''), /: is no DuckDB file; name another file/],
    [
      'another database',
      (path) => change(path, 'CREATE TABLE vms (id INTEGER)'),
      /: holds other tables than results of rmpopt; /,
    ],
    [
      'another schema',
      async (path) => {
        await saveResults(path, result)
        await change(path, `UPDATE meta SET schema = 'rmpopt.results/7'`)
      },
      /: is of schema "rmpopt\.results\/7", and this version writes rmpopt\.results\/1; /,
    ],
    [
      'changed tables',
      async (path) => {
        await saveResults(path, result)
        await change(path, 'ALTER TABLE timeline DROP COLUMN coverage')
      },
      /: holds other tables than results of rmpopt; /,
    ],
    [
      'a write-ahead log',
      (path) => saveResults(path, result).then(() => writeFileSync(`${path}.wal`, 'x')),
      /\.wal holds changes/,
    ],
    ['somebody who writes', (path) => writeFileSync(`${path}.writing`, ''), /\.writing: is being written, or was left by /],
  ])('are not put where there is %s, which stays as it is', async (what, prepare, message) => {
    const path = at(`${what.replaceAll(' ', '-')}.duckdb`)
    await prepare(path)
    const before = existsSync(path) ? digest(path) : undefined
    await expect(checkResults(path)).rejects.toThrow(message)
    await expect(saveResults(path, result)).rejects.toThrow(message)
    expect(existsSync(path) ? digest(path) : undefined).toBe(before)
  })

  test('leave the file as it was when they cannot be added', async () => {
    const path = at('whole.duckdb')
    await saveResults(path, result)
    const before = digest(path)
    const broken = { ...result, policies: [...result.policies, result.policies[0]] } // a key that is there twice
    await expect(saveResults(path, broken)).rejects.toThrow(/duplicate key/)
    expect(digest(path)).toBe(before)
    expect(readdirSync(directory).filter((name) => name.startsWith('whole'))).toEqual(['whole.duckdb'])
  })
})

describe('results in a Parquet file', () => {
  const result = inventedComparison({ policies: ['v9', 'v10'], moments: 3 })

  test('have a row for each policy, and the experiment beside it', async () => {
    const path = at("o'ne.parquet")
    await saveResults(path, result)
    const found = await withDatabase(':memory:', 'READ_WRITE', (database) =>
      query(database, `SELECT policy, cpu_ns, hosts, command FROM '${path.replaceAll("'", "''")}'`),
    )
    expect(found).toEqual(result.policies.map(({ name, cpuNs }) => [name, BigInt(cpuNs), result.hosts, result.command]))
  })

  test('are the same bytes for the same comparison, and take the place of older ones', async () => {
    const [one, other] = [at('one.parquet'), at('other.parquet')]
    await saveResults(one, result)
    await saveResults(other, inventedComparison())
    await saveResults(other, result)
    expect(digest(other)).toBe(digest(one))
  })

  test.each([
    ['no Parquet file', (path: string) => writeFileSync(path, 'policy: v10\n'), /: is there, and is no Parquet file; /],
    [
      'somebody else’s Parquet file',
      (path: string) =>
        withDatabase(':memory:', 'READ_WRITE', (database) =>
          query(database, `COPY (SELECT 1 AS a) TO '${path}' (FORMAT parquet)`),
        ),
      /: is there, and was not written by rmpopt; /,
    ],
  ])('are not put where there is %s', async (what, prepare, message) => {
    const path = at(`${what.slice(0, 4)}.parquet`)
    await prepare(path)
    const before = digest(path)
    await expect(checkResults(path)).rejects.toThrow(message)
    await expect(saveResults(path, result)).rejects.toThrow(message)
    expect(digest(path)).toBe(before)
  })
})

test('results go into no other kind of file', async () => {
  await expect(checkResults('results.csv')).rejects.toThrow(
    'results.csv: ends in neither .duckdb nor .parquet; choose one of them',
  )
})

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
