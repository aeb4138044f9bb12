import { describe, expect, test } from 'vitest'
import type { CheckCell } from '../../lab/index.ts'
import { inventedCheck, inventedFailure } from '../../testing/check-results.ts'
import { checkScreen } from './check-screen.ts'

const OPTIONS = { width: 100, colour: false }
const linesOf = (...of: Parameters<typeof checkScreen>) => checkScreen(...of).split('\n')
const titles = (lines: readonly string[]) => lines.filter((line) => / breaks /.test(line))

describe('the screen of a check', () => {
  test('tells of one policy the shortest run against each property, of several none', () => {
    expect(titles(linesOf(inventedCheck(), OPTIONS))).toEqual([])
    expect(titles(linesOf(inventedFailure(), OPTIONS))).toEqual(['old breaks soundness in first, in 7 steps'])
  })

  test('tells every run once where all are asked for, with all that it breaks', () => {
    expect(titles(linesOf(inventedCheck(), OPTIONS, 'every'))).toEqual([
      'old breaks soundness in first, in 7 steps',
      'new breaks soundness in first, in 7 steps',
      'old breaks soundness in second, in 8 steps',
      'old breaks no deadlock in second, in 1 step',
    ])
  })

  test.each([
    ['bytes', 'after 100 states, all runs of up to 7 steps, the bytes of --budget were used up; give more.'],
    ['stopped', 'after 100 states, all runs of up to 7 steps, the time of --budget was used up; give more, or fewer scenarios.'],
  ] as const)('says what was used up: %s', (because, words) => {
    const open: Partial<CheckCell> = { verdict: 'unfinished', because, stepsSeen: 7, trace: undefined, steps: undefined }
    const text = checkScreen(inventedFailure(open), OPTIONS).replaceAll('\n', ' ')
    expect(text).toContain(`old was not seen to the end in first: ${words}`)
  })

  test('says it once of many scenarios', () => {
    const { results, ...rest } = inventedCheck()
    const open = results.map((cell): CheckCell => ({ ...cell, verdict: 'unfinished', because: 'stopped' }))
    const text = checkScreen({ ...rest, results: open }, OPTIONS)
    expect(text.match(/^\w+ was not seen to the end in 2 scenarios: after 123 states/gm)).toHaveLength(2)
  })
})
