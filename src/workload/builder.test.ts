import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GIB } from '../arch/index.ts'
import { type BuilderOptions, type RawRow, TIME_MAX_S, TraceBuilder, UserError } from './index.ts'

const GOOD: RawRow = { batch_id: 'a', created_s: '10', deleted_s: '20', vcpus: '4', memory_gb: '3.5' }

function traceOf(rows: readonly Partial<RawRow>[], options?: BuilderOptions) {
  const builder = new TraceBuilder('trace.csv', options)
  rows.forEach((row, i) => {
    builder.add({ ...GOOD, ...row }, i + 2)
  })
  return builder.finish()
}

describe('A row', () => {
  test.each<[Partial<RawRow>, string]>([
    [{ created_s: '' }, 'created_s is missing'],
    [{ created_s: '  ' }, 'created_s is missing'],
    [{ created_s: null }, 'created_s is missing'],
    [{ created_s: undefined }, 'created_s is missing'],
    [{ created_s: 'NaN' }, 'created_s "NaN" is not a number'],
    [{ created_s: Number.NaN }, 'created_s NaN is not a number'],
    [{ created_s: 'Infinity' }, 'created_s "Infinity" is not a number'],
    [{ created_s: Number.POSITIVE_INFINITY }, 'created_s Infinity is not a number'],
    [{ created_s: '0x10' }, 'created_s "0x10" is not a number'],
    [{ created_s: '1_000' }, 'created_s "1_000" is not a number'],
    [{ created_s: '10 s' }, 'created_s "10 s" is not a number'],
    [{ created_s: 'two\nlines' }, 'created_s "two\\nlines" is not a number'],
    [{ created_s: '-1' }, 'created_s -1 is negative'],
    [{ created_s: '1700000000' }, 'created_s 1700000000 is beyond 9007199 s (104 days; count from the start of the trace)'],
    [{ deleted_s: 'never' }, 'deleted_s "never" is not a number (leave it empty for a VM that still runs at the end)'],
    [{ deleted_s: Number.NaN }, 'deleted_s NaN is not a number (leave it empty for a VM that still runs at the end)'],
    [{ deleted_s: '5' }, 'deleted_s 5 is before created_s 10'],
    [{ deleted_s: '9007200' }, 'deleted_s 9007200 is beyond 9007199 s'],
    [{ vcpus: '' }, 'vcpus is missing'],
    [{ vcpus: '1.5' }, 'vcpus 1.5 is not a whole number of 1..65535'],
    [{ vcpus: '0' }, 'vcpus 0 is not a whole number of 1..65535'],
    [{ vcpus: '65536' }, 'vcpus 65536 is not a whole number of 1..65535'],
    [{ vcpus: '-2' }, 'vcpus -2 is not a whole number of 1..65535'],
    [{ vcpus: '>24' }, 'vcpus ">24" is not a number'],
    [{ memory_gb: '' }, 'memory_gb is missing'],
    [{ memory_gb: '0' }, 'memory_gb 0 is not more than 0'],
    [{ memory_gb: '-3.5' }, 'memory_gb -3.5 is not more than 0'],
    [{ memory_gb: '1e-12' }, 'memory_gb 1e-12 is not more than 0'],
    [{ memory_gb: '1048577' }, 'memory_gb 1048577 is more than 1048576 GiB'],
  ])('with %j is bad, and the message names source, line, column, value and the way out', (row, problem) => {
    const attempt = () => traceOf([{}, row])
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow(`trace.csv:3: ${problem}`)
    expect(attempt).toThrow(/; correct the row, or pass --skip-bad-rows to leave such rows out$/)
  })

  test('may have cells of any kind a reader finds', () => {
    const trace = traceOf([
      { created_s: ' 12 ', deleted_s: '1.5e1', vcpus: '+2', memory_gb: '.5' },
      { created_s: 12, deleted_s: 15n, vcpus: 2n, memory_gb: 0.5 },
      { created_s: '12.', deleted_s: '15\r', vcpus: '2.0', memory_gb: '0.50' },
    ])
    expect([...trace.createdS]).toEqual([12, 12, 12])
    expect([...trace.deletedS]).toEqual([15, 15, 15])
    expect([...trace.vcpus]).toEqual([2, 2, 2])
    expect([...trace.memoryBytes]).toEqual([GIB / 2, GIB / 2, GIB / 2])
  })

  test('at the edges of every range is good', () => {
    const least = { created_s: 0, deleted_s: 0, vcpus: 1, memory_gb: 1 / GIB }
    const most = { created_s: TIME_MAX_S, deleted_s: TIME_MAX_S, vcpus: 65535, memory_gb: 1024 ** 2 }
    expect(traceOf([least, most])).toMatchObject({ count: 2, skippedRows: 0 })
  })

  test.each(['', ' ', null, undefined])('with deleted_s %j still runs at the end', (deleted_s) => {
    expect(traceOf([{ deleted_s }]).deletedS[0]).toBe(Number.POSITIVE_INFINITY)
  })

  test('is good or has a problem that is told, whatever is in it', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.double(),
      fc.bigInt(),
      fc.constantFrom(null, undefined, '0', '1', '10', '1e5', '-0', ' 7 ', '0b1', '1e999'),
      fc.integer().map(String),
    )
    const row = fc.record({ batch_id: cell, created_s: cell, deleted_s: cell, vcpus: cell, memory_gb: cell })
    fc.assert(
      fc.property(row, (raw) => {
        try {
          const trace = traceOf([raw])
          expect(trace.createdS[0]).toBeGreaterThanOrEqual(0)
          expect(trace.deletedS[0]).toBeGreaterThanOrEqual(trace.createdS[0])
          expect(trace.memoryBytes[0]).toBeGreaterThanOrEqual(1)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
          expect((error as Error).message).toMatch(/^trace\.csv:2: .*$/)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('A batch', () => {
  test('is numbered from 0 in order of first appearance', () => {
    const rows = ['x', 'y', 'x', '7', 7, 7n, '07', 'a long name that stays', 'a long name that stays'].map((batch_id) => ({
      batch_id,
    }))
    expect([...traceOf(rows).batch]).toEqual([0, 1, 0, 2, 2, 2, 3, 4, 4])
  })

  test('is numbered in order of arrival when the rows are not', () => {
    const rows = [
      { batch_id: 'late', created_s: 10 },
      { batch_id: 'early', created_s: 1 },
    ]
    expect([...traceOf(rows).batch]).toEqual([0, 1])
  })

  test.each(['', null, undefined])('named %j is one VM', (batch_id) => {
    expect([...traceOf([{ batch_id }, { batch_id }, {}]).batch]).toEqual([0, 1, 2])
  })
})

describe('A trace', () => {
  test('is sorted by creation, and rows created together keep their order', () => {
    const row = fc.record({ created_s: fc.nat(5), vcpus: fc.integer({ min: 1, max: 65535 }) })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 50 }), (rows) => {
        const trace = traceOf(rows)
        const sorted = rows.toSorted((a, b) => a.created_s - b.created_s)
        expect([...trace.createdS]).toEqual(sorted.map((r) => r.created_s))
        expect([...trace.vcpus]).toEqual(sorted.map((r) => r.vcpus))
      }),
    )
  })

  test('has columns of exactly its length, however many rows it grew by', () => {
    const trace = traceOf(Array.from({ length: 5000 }, (_, i) => ({ created_s: i, deleted_s: '' })))
    expect(trace.count).toBe(5000)
    expect(trace.createdS[4999]).toBe(4999)
    for (const column of [trace.batch, trace.createdS, trace.deletedS, trace.vcpus, trace.memoryBytes]) {
      expect(column).toHaveLength(5000)
      expect(column.buffer.byteLength).toBe(5000 * column.BYTES_PER_ELEMENT)
    }
  })

  test('counts the bad rows it was asked to skip and tells why of the first', () => {
    const builder = new TraceBuilder('trace.csv', { skipBadRows: true })
    builder.add({ ...GOOD, vcpus: '0' }, 2)
    builder.add(GOOD, 3)
    builder.add({ ...GOOD, memory_gb: 'much' }, 4)
    expect(builder.firstSkipped).toBe('trace.csv:2: vcpus 0 is not a whole number of 1..65535')
    expect(builder.finish()).toMatchObject({ count: 1, skippedRows: 2 })
  })

  test('of bad rows only is an error that names the first', () => {
    const attempt = () => traceOf([{ vcpus: '0' }, { vcpus: '0' }], { skipBadRows: true })
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow('trace.csv: has no good row, correct them; the first: trace.csv:2: vcpus 0 is not a whole number')
  })

  test('without rows is an error', () => {
    expect(() => traceOf([])).toThrow('trace.csv: has no VMs; give a trace of at least one row')
  })

  test('has a limit of rows', () => {
    expect(traceOf([{}, {}], { maxRows: 2 }).count).toBe(2)
    expect(() => traceOf([{}, {}, {}], { maxRows: 2 })).toThrow('trace.csv:4: more than 2 VMs; split the trace')
  })
})
