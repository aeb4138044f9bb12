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

  test('says where a run goes on for ever', () => {
    expect(linesOf(inventedFailure({ repeatsFrom: 2, stuck: ['steps 3 to 7 come again and again'] }), OPTIONS)).toContain(
      '      steps 3 to 7 come again and again',
    )
  })

  test.each([
    ['bytes', /^old in first was not seen to the end: 100 states; the bytes of --budget were used up; give/],
    ['stopped', /^old in first was not seen to the end: 100 states; the time of --budget was used up; give/],
  ] as const)('says what was used up: %s', (because, line) => {
    const open: Partial<CheckCell> = { verdict: 'unfinished', because, trace: undefined, steps: undefined }
    const lines = linesOf(inventedFailure(open), OPTIONS)
    expect(lines).toContainEqual(expect.stringMatching(line))
  })
})
