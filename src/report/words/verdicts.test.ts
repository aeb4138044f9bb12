import { expect, test } from 'vitest'
import type { CheckCell, CheckResult } from '../../lab/index.ts'
import { findings, overall } from './verdicts.ts'

/** Verdicts of policies, a letter a property: h holds, f fails, u unfinished. */
function result(verdicts: Readonly<Record<string, string>>): CheckResult {
  const names = ['integrity', 'soundness', 'balance']
  const results = Object.entries(verdicts).flatMap(([policy, letters]) =>
    [...letters].map((letter, at): CheckCell => {
      const verdict = (['holds', 'fails', 'unfinished'] as const).find((one) => one.startsWith(letter))!
      return { policy, scenario: 's', property: names[at], verdict, states: 1 }
    }),
  )
  const properties = names.slice(0, results.length / Object.keys(verdicts).length).map((name) => ({ name, sentence: '' }))
  const policies = Object.keys(verdicts).map((name) => ({ name }))
  return { schema: 'rmpopt.check/1', holds: true, policies, scenarios: [{ name: 's', sentence: '' }], properties, results }
}

test.each([
  [{ v10: 'hff' }, ['v10 fails 2 of 3 properties: soundness and balance.', 'Integrity holds everywhere, in every state.']],
  [{ v10: 'f' }, ['v10 fails 1 of 1 property: integrity.']],
  [{ v10: 'hhh' }, ['v10 holds all 3 properties, in every state.']],
  [{ v9: 'h', v10: 'h' }, ['v9 and v10 hold the property, in every state.']],
  [
    { v10: 'hu' },
    [
      'v10: nothing was seen to fail, but not all was seen.',
      '1 of 2 questions left open: the budget was used up before all was seen.',
    ],
  ],
  [
    { v1: 'hff', v2: 'hhf', v3: 'hhh' },
    [
      '2 of 3 policies fail between 1 (v2) and 2 (v1) of 3 properties; v3 fails none.',
      'Integrity holds everywhere, in every state.',
    ],
  ],
  [{}, ['Nothing was checked.']],
  [{ v1: 'hff', v2: 'fhf' }, ['Each of 2 policies fails 2 of 3 properties.']],
])('findings of %j', (verdicts, sentences) => {
  expect(findings(result(verdicts as unknown as Record<string, string>))).toEqual(sentences)
})

test('a property fails where it fails in one scenario, and holds where it does in all', () => {
  const of = (letters: string) => overall(result({ v1: letters }).results)
  expect([of('hfu'), of('hu'), of('hh'), of('')]).toEqual(['fails', 'unfinished', 'holds', undefined])
})
