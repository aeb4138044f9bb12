import { expect, test } from 'vitest'
import { plot } from './plot.ts'

const HOUR = 3600e9

test('a falling line goes from corner to corner, over axes with labels', () => {
  const values = Array.from({ length: 60 }, (_, index) => 1 - index / 59)
  expect(plot([{ values }], { width: 30, rows: 5, endNs: 6 * HOUR })).toEqual([
    '100 % ┤⠉⠒⠤⢄⡀',
    '      │    ⠈⠑⠒⠤⢄⡀',
    ' 50 % ┤         ⠈⠑⠢⠤⣀',
    '      │              ⠉⠒⠢⠤⣀',
    '  0 % ┤                   ⠉⠒⠢⢄',
    '      └──────────────┴────────',
    '      0             4 h',
  ])
})

test('what is constant is one straight line', () => {
  const lines = plot([{ values: new Array(120).fill(0.9) }], { width: 40, rows: 5, endNs: HOUR })
  expect(lines.filter((line) => /[\u2801-\u28ff]/.test(line))).toHaveLength(1)
})

test('the scale is no larger than the values need', () => {
  const labels = (values: number[]) =>
    plot([{ values }], { width: 40, rows: 3, endNs: HOUR })
      .map((line) => line.split(/[┤└]/)[0].trim())
      .filter((label) => label.endsWith('%'))
  expect(labels([0.83, 0.998])).toEqual(['100 %', '90 %', '80 %'])
  expect(labels([0.999, 0.998])).toEqual(['100 %', '99 %', '98 %'])
  expect(labels([0.84, 0.85])).toEqual(['86 %', '85 %', '84 %'])
  expect(labels([0, 0.94])).toEqual(['100 %', '50 %', '0 %'])
  expect(labels([0, 0])).toEqual(['100 %', '50 %', '0 %'])
  expect(labels([])).toEqual(['100 %', '50 %', '0 %'])
})

test('of two lines that coincide the first is seen, and each is painted as it wants', () => {
  const values = new Array(120).fill(0.5)
  const paint = (name: string) => (text: string) => `<${name}>${text}</${name}>`
  const [over] = plot(
    [
      { values, paint: paint('a') },
      { values, paint: paint('b'), dotted: true },
    ],
    { width: 40, rows: 1, endNs: HOUR },
  )
  expect(over).toContain('<a>')
  expect(over).not.toContain('<b>')
})

test.each([1e6, 1e9, 60e9, HOUR, 6 * HOUR, 72 * HOUR, 104 * 24 * HOUR])(
  'no line is wider than asked for, with %f ns of time',
  (endNs) => {
    for (const width of [40, 80, 100]) {
      for (const line of plot([{ values: [0.2, 0.4, 0.3] }], { width, rows: 7, endNs }))
        expect(line.length).toBeLessThanOrEqual(width)
    }
  },
)
