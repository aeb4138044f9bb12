import { expect, test } from 'vitest'
import { count, duration, memory, moment, percent, roundPercent, unbroken } from './format.ts'

test.each([
  [0, '0 s'],
  [60, '60 ns'],
  [999.6, '1 µs'],
  [134_785, '135 µs'],
  [242_372_818, '242 ms'],
  [10_147_975_974, '10.1 s'],
  [164_225_422_253, '2.74 min'],
  [15.8 * 3600e9, '15.8 h'],
  [3.5 * 86_400e9, '3.5 days'],
  [2000 * 86_400e9, '5.48 years'],
])('%f ns lasts %s', (ns, text) => {
  expect(duration(ns)).toBe(text)
})

test.each([
  [0, '0'],
  [30e9, '30 s'],
  [600e9, '10 min'],
  [36 * 3600e9, '36 h'],
  [2 * 86_400e9, '2 d'],
  [1e7, '10 ms'],
])('the moment %f ns is labelled %s', (ns, text) => {
  expect(moment(ns)).toBe(text)
})

test.each([
  [0, '0 %'],
  [1e-9, '< 0.0001 %'],
  [0.0000535, '0.0053 %'],
  [0.05, '5.0 %'],
  [0.9399, '94.0 %'],
  [0.99986, '99.99 %'],
  [0.9999999, '> 99.99 %'],
  [1, '100 %'],
])('%f of all is %s', (fraction, text) => {
  expect(percent(fraction)).toBe(text)
})

test('a share that somebody chose is shown as chosen', () => {
  expect([0.2, 0.005, 0.975, 1].map(roundPercent)).toEqual(['20 %', '0.5 %', '97.5 %', '100 %'])
})

test('counts are grouped from five digits on, and rounded when they are large', () => {
  expect([7, 2760, 12_000, 1_046_528, 15_434_214, 1_528_977_408].map(count)).toEqual([
    '7',
    '2760',
    '12 000',
    '1 046 528',
    '15.4 million',
    '1.53 billion',
  ])
})

test('memory is in TiB when it is quarters of them', () => {
  expect([2 ** 34, 2 ** 41, 1.5 * 2 ** 40, 1.1 * 2 ** 40].map(memory)).toEqual(['16 GiB', '2 TiB', '1.5 TiB', '1126.4 GiB'])
})

test('figures stay on one line, words may part', () => {
  expect(unbroken('lost 0.0091 % of 12 000 in 35 min, < 1 µs and 4 hosts')).toBe(
    'lost 0.0091 % of 12 000 in 35 min, < 1 µs and 4 hosts',
  )
})
