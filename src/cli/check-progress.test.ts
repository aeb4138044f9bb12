import { expect, test } from 'vitest'
import { checkProgress } from './check-progress.ts'

const CELLS = ['v9', 'v10'].flatMap((policy) => ['short', 'long'].map((scenario) => ({ policy, scenario })))

/** What is told after each piece of news: seconds since the start, index, states, and whether the cell is done. */
function told(
  news: readonly (readonly [s: number, index: number, states: number, isDone?: boolean])[],
  secondsMax = 600,
): string[] {
  let now = 100
  const progress = checkProgress(() => now, secondsMax)
  return news.map(([s, index, states, isDone = false]) => {
    now = 100 + s
    return progress({ index, cells: CELLS, states, isDone })
  })
}

test('names the first cell that is not done, how many there are, and the states of all so far', () => {
  expect(
    told([
      [0, 0, 0],
      [0, 1, 0],
      [1, 1, 4096],
      [2, 0, 100, true],
      [2, 2, 0],
    ]),
  ).toEqual([
    'checking v9 in short (1 of 4), 0 states',
    'checking v9 in short (1 of 4), 0 states',
    'checking v9 in short (1 of 4), 4 096 states',
    'checking v9 in long (2 of 4), 4 196 states',
    'checking v9 in long (2 of 4), 4 196 states',
  ])
})

test('takes a scenario to be as large as under the policies before, and any other as those that are done', () => {
  const [, first, , third, last] = told([
    [0, 0, 0],
    [10, 0, 100, true],
    [10, 1, 0],
    [100, 1, 900, true],
    [110, 2, 50],
  ])
  expect(first).toBe('checking v9 in short (2 of 4), 100 states, about 30 s left')
  expect(third).toBe('checking v9 in long (3 of 4), 1 000 states, about 2 min left')
  expect(last).toBe('checking v10 in short (3 of 4), 1 050 states, about 2 min left')
})

test('foretells no more than may be left of the budget, and never that nothing is left', () => {
  expect(
    told(
      [
        [50, 0, 10, true],
        [59, 1, 1000],
      ],
      60,
    ).map((line) => line.split(', ').at(-1)),
  ).toEqual(['about 10 s left', 'about 1 s left'])
})
