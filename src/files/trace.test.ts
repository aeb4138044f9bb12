import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, describe, expect, test } from 'vitest'
import { type Trace, UserError } from '../workload/index.ts'
import { readTrace } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-trace-'))
afterAll(() => rmSync(directory, { recursive: true }))

const HEADER = 'vm_id,batch_id,created_s,deleted_s,vcpus,memory_gb\n'
const CSV = `${HEADER}0,x,0,10,1,0.75\n1,y,5,,2,3.5\n2,y,5,20,2,3.5\n`
const TRACE = {
  count: 3,
  batch: Int32Array.of(0, 1, 1),
  createdS: Float64Array.of(0, 5, 5),
  deletedS: Float64Array.of(10, Number.POSITIVE_INFINITY, 20),
  vcpus: Uint16Array.of(1, 2, 2),
  memoryBytes: Float64Array.of(0.75 * 2 ** 30, 3.5 * 2 ** 30, 3.5 * 2 ** 30),
  skippedRows: 0,
}

let files = 0
function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, `${files++}-${name}`)
  writeFileSync(path, content)
  return path
}

/** The message of the error, which must be the user's and one line, without the path of the test's own directory. */
async function problem(path: string, options?: Parameters<typeof readTrace>[1]): Promise<string> {
  const error = await readTrace(path, options).then(
    (trace: Trace) => expect.fail(`read ${trace.count} VMs`),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UserError)
  const { message } = error as UserError
  expect(message).not.toMatch(/[\n\r]/)
  expect(message.startsWith(path)).toBe(true)
  return message.slice(path.length)
}

function parquet(
  columns: Record<string, { data: unknown[]; type?: 'DOUBLE' | 'INT32' | 'INT64' | 'STRING' }>,
  rowGroupSize?: number,
): Uint8Array {
  const columnData = Object.entries(columns).map(([name, { data, type }]) => ({ name, data, type, nullable: true }))
  return new Uint8Array(parquetWriteBuffer({ columnData: columnData as never, rowGroupSize }))
}

const COLUMNS = {
  vm_id: { data: [0, 1, 2], type: 'INT32' },
  batch_id: { data: ['x', 'y', 'y'], type: 'STRING' },
  created_s: { data: [0, 5, 5], type: 'DOUBLE' },
  deleted_s: { data: [10, null, 20], type: 'DOUBLE' },
  vcpus: { data: [1n, 2n, 2n], type: 'INT64' },
  memory_gb: { data: [0.75, 3.5, 3.5], type: 'DOUBLE' },
} as const
const parquetOf = (changes: object = {}, rowGroupSize?: number) =>
  parquet({ ...COLUMNS, ...changes } as unknown as Parameters<typeof parquet>[0], rowGroupSize)

describe('A trace is read from', () => {
  test.each<[string, string, string | Uint8Array]>([
    ['CSV', 'a.csv', CSV],
    ['CSV with CRLF and blank lines at the end', 'a.csv', `${CSV.replaceAll('\n', '\r\n')}\r\n\r\n`],
    ['CSV with a byte-order mark', 'a.csv', `\ufeff${CSV}`],
    ['CSV of any name', 'trace.txt', CSV],
    ["gzip'd CSV", 'a.csv.gz', gzipSync(CSV)],
    ["gzip'd CSV that does not say so", 'a.csv', gzipSync(CSV)],
    ["gzip'd CSV in two members", 'a.csv.gz', Buffer.concat([gzipSync(CSV.slice(0, 60)), gzipSync(CSV.slice(60))])],
    ['Parquet', 'a.parquet', parquetOf()],
    ['Parquet that does not say so', 'a', parquetOf()],
    ['Parquet in several row groups', 'a.parquet', parquetOf({}, 2)],
    ['Parquet with text in its columns', 'a.parquet', parquetOf({ created_s: { data: ['0', '5', '5'], type: 'STRING' } })],
  ])('%s', async (_, name, content) => {
    const path = file(name, content)
    expect(await readTrace(path)).toEqual({ name: path.slice(directory.length + 1), ...TRACE })
  })

  test("Azure's vmtable.csv", async () => {
    const path = file('vmtable.csv', 'v,s,x,0,300,1,1,1,Unknown,1,0.75\nw,s,y,300,2591700,1,1,1,Unknown,>24,>64\n')
    const trace = await readTrace(path)
    expect([...trace.deletedS]).toEqual([300, Number.POSITIVE_INFINITY])
    expect([...trace.vcpus]).toEqual([1, 30])
  })

  test('a file larger than any chunk, wherever its characters are cut', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `é€𝄞${'x'.repeat(i % 7)},é${i % 1000},${i},,1,1\n`)
    const trace = await readTrace(file('a.csv', HEADER + rows.join('')))
    expect(trace.count).toBe(30_000)
    expect(trace.batch.reduce((most, batch) => Math.max(most, batch))).toBe(999)
  })

  test('a file with bad rows, when they may be skipped', async () => {
    const bad = `${CSV}3,z,5,4,1,1\n4,z,5,,0,1\n5,z\n`
    expect(await readTrace(file('a.csv', bad), { skipBadRows: true })).toMatchObject({ ...TRACE, skippedRows: 3 })
    const path = file('a.parquet', parquetOf({ vcpus: { data: [1, null, 2], type: 'INT32' } }))
    expect(await readTrace(path, { skipBadRows: true })).toMatchObject({ count: 2, skippedRows: 1 })
  })
})

describe('What is wrong is told in one line:', () => {
  test('there is no such file', async () => {
    expect(await problem(join(directory, 'none.csv'))).toBe(': there is no such file; check the name')
    expect(await problem(join(file('a.csv', CSV), 'none.csv'))).toBe(': there is no such file; check the name')
  })

  test('it is a directory', async () => {
    const path = join(directory, 'folder.csv')
    mkdirSync(path)
    expect(await problem(path)).toBe(': is a directory; name a file in it')
  })

  const mayReadAnything = process.getuid?.() === 0
  test('it may not be read (which root always may)', async () => {
    const path = file('a.csv', CSV)
    chmodSync(path, 0)
    if (mayReadAnything) expect((await readTrace(path)).count).toBe(3)
    else expect(await problem(path)).toBe(': may not be read; check its permissions')
  })

  test.each<[string, string, string | Uint8Array, string | RegExp]>([
    ['it is empty', 'a.csv', '', /^: is empty; give a trace/],
    ['it is an empty .csv.gz', 'a.csv.gz', '', /^: is empty; give a trace/],
    ['it is an empty .parquet', 'a.parquet', '', /^: is empty; give a trace/],
    ["it is nothing, gzip'd", 'a.csv.gz', gzipSync(''), /^: is empty; give a trace/],
    ['it has a header only', 'a.csv', HEADER, ': has no VMs; give a trace of at least one row'],
    ['it is Parquet without rows', 'a.parquet', parquetOf(emptied()), ': has no VMs; give a trace of at least one row'],
    [
      'it has other columns',
      'a.csv',
      'time,cpu\n1,2\n',
      /^: has no column batch_id, .*, only time, cpu; name the columns vm_id,batch_id/,
    ],
    [
      'it is Parquet with other columns',
      'a.parquet',
      parquet({ time: { data: [1] } }),
      /^: has no column batch_id, .*, only time; name/,
    ],
    [
      'its bad row',
      'a.csv',
      `${CSV}3,z,10,5,1,1\n`,
      /^:5: deleted_s 5 is before created_s 10; correct the row, or pass --skip-bad-rows/,
    ],
    ["its bad row, gzip'd", 'a.csv.gz', gzipSync(`${CSV}3,z,10,5,1,1\n`), /^:5: deleted_s 5 is before created_s 10;/],
    [
      'its bad row in Parquet',
      'a.parquet',
      parquetOf({ deleted_s: { data: [10, 4, 20], type: 'DOUBLE' } }),
      /^, row 2: deleted_s 4 is before/,
    ],
    [
      'its quoting',
      'a.csv',
      `${CSV}3,"z"z,10,,1,1\n`,
      ':5: bad quoting; enclose a field in quotes as a whole, and double the quotes in it',
    ],
    [
      "its gzip'd data ends too early",
      'a.csv.gz',
      gzipSync(CSV).subarray(0, -12),
      ': ends in the middle of its gzip data; get the file again',
    ],
    [
      "its gzip'd data is damaged",
      'a.csv.gz',
      damaged(gzipSync(CSV.repeat(50)), 30),
      ': has damaged gzip data; get the file again',
    ],
    ["it is not gzip'd but says so", 'a.csv.gz', CSV, ": is not gzip'd; rename it, or compress it again"],
    ['it is not Parquet but says so', 'a.parquet', CSV, ': is not Parquet; rename it, or write it again'],
    [
      'it is Parquet without an end',
      'a.parquet',
      parquetOf().subarray(0, 100),
      /^: is not readable as Parquet \(.*\); write it again$/,
    ],
    ['it is four bytes of Parquet', 'a.parquet', 'PAR1', /^: is not readable as Parquet \(.*\); write it again$/],
    [
      'it is Parquet with damaged pages',
      'a.parquet',
      damaged(parquetOf(), 4, 80),
      /^: is not readable as Parquet \(.*\); write it again$/,
    ],
  ])('%s', async (_, name, content, message) => {
    const told = await problem(file(name, content))
    if (typeof message === 'string') expect(told).toBe(message)
    else expect(told).toMatch(message)
  })

  test.each<[string, Buffer, number]>([
    ['in Latin-1', Buffer.from(`${CSV}3,caf\u00e9,5,,1,1\n4,z,5,,1,1\n`, 'latin1'), 5],
    ['in UTF-16', Buffer.from(`\ufeff${CSV}`, 'utf16le'), 1],
    ['cut within a character at its end', Buffer.from(`${CSV}3,caf\u00e9`).subarray(0, -1), 5],
    [
      'far into the file',
      Buffer.concat([Buffer.from(HEADER + '0,\u00e9,0,,1,1\n'.repeat(50_000)), Buffer.from([0xff]), Buffer.from(CSV)]),
      50_002,
    ],
  ])('it is not UTF-8: %s', async (_, content, line) => {
    expect(await problem(file('a.csv', content))).toBe(`:${line}: is not UTF-8 text; save it as UTF-8`)
  })
})

function emptied(): object {
  return Object.fromEntries(Object.entries(COLUMNS).map(([name, { type }]) => [name, { data: [], type }]))
}

function damaged(bytes: Uint8Array, from: number, to = from + 8): Uint8Array {
  return Uint8Array.from(bytes, (byte, i) => (i >= from && i < to ? byte ^ 0xff : byte))
}
