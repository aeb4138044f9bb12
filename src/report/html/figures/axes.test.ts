import { expect, test } from 'vitest'
import { durationAxis, type LogAxis, shareAxis } from './axes.ts'

function names({ scale }: LogAxis): string[] {
  return scale.ticks.map(scale.tickFormat)
}

test('far-apart shares have marks by decades, near ones by 1, 2 and 5', () => {
  expect(names(shareAxis([0.00002, 0.4]))).toEqual(['0.001 %', '0.01 %', '0.1 %', '1 %', '10 %', '100 %'])
  expect(names(shareAxis([0.011, 0.04]))).toEqual(['1 %', '2 %', '5 %'])
})

test('times have the marks people count in', () => {
  expect(names(durationAxis([20e3, 180e3]))).toEqual(['20 µs', '50 µs', '100 µs', '200 µs'])
  expect(names(durationAxis([50e9, 300_000e9]))).toEqual(['10 s', '1 min', '10 min', '1 h', '10 h', '4 d'])
})

test('what is zero has a place of its own, below the rest', () => {
  const axis = shareAxis([0, 0.001, 0.1])
  expect(names(axis)[0] === '0' || names(axis).at(-1) === '0').toBe(true)
  expect(axis.place(0)).toBe(axis.scale.domain[0])
  expect(axis.place(0.001)).toBeGreaterThan(axis.place(0))
})

test('an axis of nothing, of zeros, and of one value has a length', () => {
  for (const axis of [shareAxis([]), shareAxis([0]), durationAxis([5e9]), shareAxis([1])]) {
    expect(axis.scale.domain[1]).toBeGreaterThan(axis.scale.domain[0])
  }
})
