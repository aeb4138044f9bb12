import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BuilderOptions, CsvReader, UserError } from './index.ts'

const HEADER = 'vm_id,batch_id,created_s,deleted_s,vcpus,memory_gb'

function read(text: string | readonly string[], options?: BuilderOptions) {
  const reader = new CsvReader('t.csv', options)
  for (const piece of typeof text === 'string' ? [text] : text) reader.push(piece)
  return reader.finish()
}

describe('Comma-separated text', () => {
  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('may end its lines in %s, with or without a last one, with blank lines', (_, end) => {
    const lines = [HEADER, '0,a,0,10,1,2', '', '1,a,5,,2,3.5']
    for (const tail of ['', end, end + end, `${end}  ${end}`]) {
      const trace = read(lines.join(end) + tail)
      expect([...trace.deletedS]).toEqual([10, Number.POSITIVE_INFINITY])
      expect([...trace.vcpus]).toEqual([1, 2])
    }
  })

  test('may mix line ends', () => {
    const trace = read('created_s,deleted_s,vcpus,memory_gb,batch_id\r\n0,1,1,1,a\n0,1,1,1,a\r\n0,1,1,1,"a"\r\n0,1,1,1,a')
    expect([...trace.batch]).toEqual([0, 0, 0, 0])
  })

  test('may have commas, quotes and line ends in quoted fields', () => {
    const trace = read(`${HEADER}\n"a,b","x ""1""",0,,1,1\n0,"x ""1""",0,,1,1\n0,"two\r\nlines",0,,1,1\n`)
    expect([...trace.batch]).toEqual([0, 0, 1])
  })

  test.each([
    ['0,a,0,10,1', '5 fields where the first line has 6'],
    ['0,a,0,10,1,2,3', '7 fields where the first line has 6'],
  ])('with a line of another length, %j, has a bad row', (line, problem) => {
    expect(() => read(`${HEADER}\n${line}\n`)).toThrow(`t.csv:2: ${problem}; correct the row, or pass --skip-bad-rows`)
    expect(read(`${HEADER}\n${line}\n0,a,0,10,1,2\n`, { skipBadRows: true })).toMatchObject({ count: 1, skippedRows: 1 })
  })

  test.each(['0,"a"b,0,10,1,2\n', '0,"a,0,10,1,2', '0,"a,0,10,1,2\n0,b",0,10,1,2\n0,"c" d,0,10,1,2\n'])(
    'with bad quoting is an error: %j',
    (lines) => {
      const attempt = () => read(`${HEADER}\n0,a,0,10,1,2\n${lines}`, { skipBadRows: true })
      expect(attempt).toThrow(UserError)
      expect(attempt).toThrow(/^t\.csv:[35]: bad quoting; enclose/)
    },
  )

  test('with a quote that is never closed is an error, and is not kept as a whole', () => {
    const row = '0,a,0,10,1,2\n'
    const reader = new CsvReader('t.csv')
    reader.push(`${HEADER}\n${row}0,"a,0,10,1,2\n`)
    expect(() => {
      for (let i = 0; i < 1000; i++) reader.push(row.repeat(1000))
    }).toThrow('t.csv:3: a row of more than 1048576 characters; close the quote or end the line')
  })

  test('without a line is an error', () => {
    for (const text of ['', '\n\n', '\r\n'])
      expect(() => read(text)).toThrow('t.csv: is empty; give a trace with the columns batch_id')
  })

  test('with a header only is an error', () => {
    for (const text of [HEADER, `${HEADER}\n`])
      expect(() => read(text)).toThrow('t.csv: has no VMs; give a trace of at least one row')
  })

  test('in the layout of Azure has no header, so its first line is a row', () => {
    const line = (created: string, deleted: string) => `vm,sub,dep,${created},${deleted},9.9,1.1,2,Delay-insensitive,2,4\r\n`
    const trace = read(line('0', '2591700') + line('300', '600'))
    expect([...trace.deletedS]).toEqual([Number.POSITIVE_INFINITY, 600])
    expect([...trace.batch]).toEqual([0, 0])
    expect(() => read(line('0', '300') + line('300', '0'))).toThrow('t.csv:2: deleted_s 0 is before created_s 300')
  })
})

describe('Line numbers', () => {
  const name = fc.stringMatching(/^[a-z,"\n ]{0,6}$/)
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

  test('are exact whatever is quoted, however lines end, and wherever the text is cut', () => {
    const row = fc.record({ name, blank: fc.boolean() })
    const shape = fc.record({
      rows: fc.array(row, { minLength: 1, maxLength: 8 }),
      end: fc.constantFrom('\n', '\r\n'),
      cuts: fc.array(fc.nat(400), { maxLength: 8 }),
      tail: fc.boolean(),
    })
    fc.assert(
      fc.property(shape, ({ rows, end, cuts, tail }) => {
        const before = rows.map((r) => `${quoted(r.name.replaceAll('\n', end))},b,0,,1,1${end}${r.blank ? end : ''}`).join('')
        const good = `${HEADER}${end}${before}`
        const lines = good.split('\n').length
        const bad = `${good}0,b,0,,none,1${tail ? end : ''}`
        expect(() => read(pieces(bad, cuts))).toThrow(`t.csv:${lines}: vcpus "none" is not a number`)
        expect(read(pieces(good, cuts)).count).toBe(rows.length)
      }),
      { numRuns: 500 },
    )
  })

  test('are told while reading: that on which the text so far ends', () => {
    const reader = new CsvReader('t.csv')
    reader.push(`${HEADER}\n0,"a\nb`)
    expect(reader.line).toBe(3)
    reader.push('\n",0,,1,1\n')
    expect(reader.line).toBe(5)
  })
})

function pieces(text: string, cuts: readonly number[]): string[] {
  const ends = [...cuts.toSorted((a, b) => a - b), text.length]
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
}
