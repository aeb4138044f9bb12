import { expect, it } from 'vitest'
import { SampledCounter } from './counter.ts'

it('keeps the last value of each step', () => {
  const counter = new SampledCounter('c', 10)
  for (const [atNs, value] of [
    [0, 1],
    [3, 2],
    [9, 3],
    [10, 3],
    [12, 4],
  ])
    counter.set(atNs, value)
  expect(counter.between(0, 20).values).toEqual([
    { atNs: 9, value: 3 },
    { atNs: 12, value: 4 },
    { atNs: 20, value: 4 },
  ])
})

it('begins with the value that holds when the window begins, and ends with it', () => {
  const counter = new SampledCounter('c', 1)
  for (let at = 0; at < 100; at += 10) counter.set(at, at / 10)
  expect(counter.between(35, 55).values).toEqual([
    { atNs: 35, value: 3 },
    { atNs: 40, value: 4 },
    { atNs: 50, value: 5 },
    { atNs: 55, value: 5 },
  ])
})

it('gets coarser rather than longer, and never loses the last value', () => {
  const counter = new SampledCounter('c', 1, 8)
  for (let at = 0; at < 1000; at++) {
    counter.set(at, at)
    const { values } = counter.between(0, at + 1)
    expect(values.length).toBeLessThanOrEqual(8 + 1)
    expect(values.at(-1)).toEqual({ atNs: at + 1, value: at })
  }
})
