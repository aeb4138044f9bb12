import { expect, test } from 'vitest'
import { UsageError } from './output.ts'
import { bytesFrom, numberFrom, secondsFrom, wholeFrom } from './values.ts'

test.each([
  ['90', 90],
  ['90s', 90],
  ['0.5', 0.5],
  ['.5m', 30],
  ['15m', 900],
  ['2h', 7200],
  ['3.5d', 302_400],
  ['0', 0],
])('%s is a time of %f s', (text, seconds) => {
  expect(secondsFrom(text, '--until')).toBe(seconds)
})

test.each(['', ' ', 's', '3x', '1e3', '-1', '+1', 'NaN', 'Infinity', '1 h 30 m', '1:30', '0x10', '10ms'])(
  '%j is no time',
  (text) => {
    expect(() => secondsFrom(text, '--until')).toThrow(UsageError)
  },
)

test.each([
  ['0.2', 0.2],
  ['1e6', 1_000_000],
  ['-3', -3],
  ['.5', 0.5],
])('%s is a number', (text, value) => {
  expect(numberFrom(text, '--seed', 'one')).toBe(value)
})

test.each(['', 'x', 'NaN', 'Infinity', '0x10', '1_000', '1,5', '--'])('%j is no number', (text) => {
  expect(() => numberFrom(text, '--seed', 'one')).toThrow(UsageError)
})

test('a whole number has a least one', () => {
  expect(wholeFrom('0', '--host-index', 0)).toBe(0)
  for (const text of ['0', '-1', '1.5', '1e99']) expect(() => wholeFrom(text, '--step', 1)).toThrow(UsageError)
})

test.each([
  ['512MiB', 512 * 2 ** 20],
  ['100GiB', 100 * 2 ** 30],
  ['1.5TiB', 1.5 * 2 ** 40],
  [' 2GiB ', 2 ** 31],
])('%j is a size', (text, bytes) => {
  expect(bytesFrom(text, '--memory')).toBe(bytes)
})

test.each(['', '100', '2TB', '2tib', '2 GiB', '-1GiB', '1e3GiB', '0GiB', '0.0001MiB', '9999TiB', 'NaNGiB'])(
  '%j is no size',
  (text) => {
    expect(() => bytesFrom(text, '--memory')).toThrow(UsageError)
  },
)
