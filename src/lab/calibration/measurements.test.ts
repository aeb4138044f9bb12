import { describe, expect, test } from 'vitest'
import { measurementsFrom } from './measurements.ts'

const IDS = ['one', 'other']
const row = (id: string, fields: object = {}) => ({ id, what: 'w', value: 10, unit: 'us', source: 's', fit: true, ...fields })
const table = (...rows: unknown[]) => ({ tscGHz: 2, rows })
const read = (content: unknown) => measurementsFrom(content, IDS, 'table.yaml')

describe('a table of measurements', () => {
  test('gives nanoseconds of every unit, cycles by the clock of the TSC', () => {
    const ns = (unit: string) => read(table(row('one', { unit }), row('other')))[0].valueNs
    expect(['cycles', 'ns', 'us', 'ms', 's'].map(ns)).toEqual([5, 10, 10e3, 10e6, 10e9])
  })

  test('takes the middle of a range where there is no value', () => {
    const [{ value, low, high }] = read(table(row('one', { value: undefined, low: 8, high: 10 }), row('other')))
    expect({ value, low, high }).toEqual({ value: 9, low: 8, high: 10 })
  })

  test('trusts a row the less the wider its range and the coarser its steps', () => {
    const sigma = (fields: object) => read(table(row('one', fields), row('other')))[0].sigma
    expect(sigma({ low: 5, high: 20 })).toBeGreaterThan(sigma({ low: 9, high: 11 }))
    expect(sigma({ low: 9, high: 11 })).toBeGreaterThan(sigma({}))
    expect(sigma({ resolution: 5 })).toBeGreaterThan(sigma({ resolution: 1 }))
  })

  test.each([
    ['a list', [], 'holds no fields; write tscGHz and rows, as in data/measurements.yaml'],
    ['no clock', { rows: [] }, 'tscGHz: nothing is not a number above 0; give the GHz of the TSC'],
    ['a clock that stands', { tscGHz: 0, rows: [] }, 'tscGHz: 0 is not a number above 0; give the GHz of the TSC'],
    ['no rows', { tscGHz: 2 }, 'rows: is not a list; write one row for each measurement'],
    ['an unknown field', { tscGhz: 2, rows: [] }, 'unknown field tscGhz; did you mean tscGHz?'],
    ['a row missing', table(row('one')), 'row other is missing; add it (with fit: false, if it is not to count)'],
    ['a row twice', table(row('one'), row('other'), row('one')), 'one: the row is there twice; keep one of them'],
    ['an unknown row', table(row('onw')), 'row 1: id "onw" is not known; did you mean one?'],
    ['a row without a name', table({ what: 'w' }), 'row 1: id nothing is not known; choose one of one, other'],
    ['a negative value', table(row('one', { value: -3 })), 'one: value -3 is not a number above 0; give one'],
    ['a value that is none', table(row('one', { value: 'ten' })), 'one: value "ten" is not a number above 0; give one'],
    ['no value', table(row('one', { value: undefined })), 'one: there is no value; give one, or low and high'],
    ['half a range', table(row('one', { low: 1 })), 'one: low and high belong together; give both or neither'],
    ['a range upside down', table(row('one', { low: 20, high: 5 })), 'one: low 20 is above high 5; exchange them'],
    [
      'a value beside its range',
      table(row('one', { low: 1, high: 5 })),
      'one: value 10 is not in the range 1 to 5; correct one of them',
    ],
    ['an unknown unit', table(row('one', { unit: 'cycle' })), 'one: unit "cycle" is not known; did you mean cycles?'],
    ['no unit', table(row('one', { unit: undefined })), 'one: unit nothing is not known; choose one of cycles, ns, us, ms, s'],
    ['an unknown field of a row', table(row('one', { vlaue: 1 })), 'one: unknown field vlaue; did you mean value?'],
    [
      'nothing about the fit',
      table(row('one', { fit: 'yes' })),
      'one: fit is not true or false; say whether the fit is to use it',
    ],
    ['no text', table(row('one', { what: 5 })), 'one: what is not text; give some'],
  ])('is refused with %s', (_, content, message) => {
    expect(() => read(content)).toThrow(new RegExp(`^table\\.yaml: ${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`))
  })
})
