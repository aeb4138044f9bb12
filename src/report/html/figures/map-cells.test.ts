import { expect, test } from 'vitest'
import { aggregated } from './map-cells.ts'

test('few regions keep a row each', () => {
  expect(aggregated(['#o+*-'], 8)).toEqual({ cells: [['blocked', 'waiting', 'partly', 'optimised', 'none']], regionsPerRow: 1 })
})

test('of many regions what is lost shows, however small its part', () => {
  const { cells, regionsPerRow } = aggregated(['***o***********+****#*######****'], 8)
  expect(regionsPerRow).toBe(4)
  expect(cells[0]).toEqual(['waiting', 'optimised', 'optimised', 'partly', 'optimised', 'many', 'blocked', 'optimised'])
})

test('a row that is not full at the end is a row', () => {
  expect(aggregated(['#####'], 2).cells[0]).toEqual(['blocked', 'blocked'])
})
