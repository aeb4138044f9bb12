import { expect, test } from 'vitest'
import { bytes, points, ratio } from './figures.ts'

test('a figure stands to another by per cent when near, by a factor when far', () => {
  expect([106, 60, 310, 4, 100].map((value) => ratio(value, 100))).toEqual(['+6 %', '−40 %', '× 3.1', '÷ 25', ''])
  expect([ratio(0, 5), ratio(5, 0), ratio(100.01, 100)]).toEqual(['−100 %', '', ''])
})

test('a fraction stands to another by points', () => {
  expect([points(0.91, 0.9), points(0.9, 0.90123), points(0.9, 0.9)]).toEqual(['+1 pp', '−0.12 pp', ''])
})

test('small memory has its unit', () => {
  expect([0, 256, 2048, 1.5 * 2 ** 20].map(bytes)).toEqual(['0', '256 B', '2 KiB', '1.5 MiB'])
})
