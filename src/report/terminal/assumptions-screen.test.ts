import { expect, test } from 'vitest'
import { assumptionsScreen } from './assumptions-screen.ts'

const AREAS = [
  {
    area: 'machine',
    assumptions: [
      {
        name: 'outOfReach',
        value: 'report-0',
        why: 'outside the table nothing can be said, so the answer is no',
        source: '[A] §6.7',
        option: true,
      },
      { name: 'failed-result', value: 'not cached', why: 'nothing to find', source: '[A] §6.11', option: false },
    ],
  },
]

test('assumptions are a table, options marked, with where each comes from', () => {
  expect(assumptionsScreen(AREAS, { width: 80, colour: false })).toBe(`\
machine
* outOfReach                     report-0         outside the table nothing
                                                  can be said, so the answer
                                                  is no [A] §6.7
  failed-result                  not cached       nothing to find [A] §6.11

* an option: a field of a scenario file, see rmpopt run --show-config
`)
})
