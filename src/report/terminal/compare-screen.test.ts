import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { inventedComparison } from '../../testing/compare-results.ts'
import { conclusions } from '../words/conclusions.ts'
import { compareScreen } from './compare-screen.ts'

const RESULT = inventedComparison({ isSwept: true, seeds: 2 })
const WIDE = { width: 140, colour: false }

/** The cells of a policy's row. */
function row(screen: string, name: string): string[] {
  const line = screen.split('\n').find((text) => text.slice(2).startsWith(`${name} `))
  return (line ?? '').trim().split(/ {2,}/)
}

test('policies are rows in the order given, with their figures', () => {
  const screen = compareScreen(RESULT, WIDE)
  const places = RESULT.policies.map(({ name }) => screen.search(new RegExp(`^[*> ] ${name} `, 'm')))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places[0]).toBeGreaterThan(0)
  const figures = [
    '91.1 %',
    '> 99.99 %',
    '0.0019 %',
    '89.3 %',
    '35 min',
    '0.0002 %',
    '41 µs',
    '31 million',
    '1.1 s',
    '9.8 s',
    '0.74 %',
    '256 B',
  ]
  expect(row(screen, 'dirty-regions')).toEqual(['* dirty-regions', ...figures])
  expect(row(screen, 'v10')[0]).toBe('> v10')
})

test('a narrow terminal gets fewer columns, never wrapped ones', () => {
  for (const width of [40, 60, 80, 100, 120, 140]) {
    const screen = compareScreen(RESULT, { width, colour: false })
    for (const line of screen.split('\n')) expect(line.length).toBeLessThanOrEqual(width)
    expect(row(screen, 'v10')).toContain('0.0091 %')
  }
  expect(row(compareScreen(RESULT, { width: 80, colour: false }), 'v10')).toEqual(
    expect.arrayContaining(['15.6 h', '135 µs', '2.73 min']),
  )
})

test('conclusions follow the table, in the words of the report, and what they owe to assumptions', () => {
  const words = compareScreen(RESULT, WIDE).replace(/\s+/g, ' ')
  for (const sentence of conclusions(RESULT)) expect(words).toContain(sentence)
  expect(words).toContain('survives dirty-regions costs less CPU time than v10')
  expect(words).toContain('fails v10 loses less coverage than v3: not at ipiNs = 90 000 ns; guest.teardown = 1 GiB/s')
})

test('colours are there when they are wanted, and change nothing else', () => {
  const colours = compareScreen(RESULT, { width: 100, colour: true })
  expect(colours).toContain('\u001b[1m')
  const plain = (text: string) => stripVTControlCharacters(text).replace(/ +$/gm, '')
  expect(plain(colours)).toBe(compareScreen(RESULT, { width: 100, colour: false }))
})

test('a single policy without passes divides by nothing', () => {
  const screen = compareScreen(inventedComparison({ policies: ['none'], versus: 'none', moments: 1 }), WIDE)
  expect(screen).not.toMatch(/NaN|Infinity|undefined|null/)
})
