/** Results of checks that nobody made: for what shows them. */

import type { CheckCell, CheckResult, Fact, StoryStep } from '../lab/index.ts'

const INVENTED_START: readonly Fact[] = [
  { of: 'region 0:', now: '0 assigned, optimised on 0,1' },
  { of: 'region 1:', now: '3 assigned, optimised on none' },
  { of: 'core 0 table', now: 'on' },
  { of: 'core 1 table', now: 'on' },
  { of: 'work', now: 'not pending' },
  { of: 'request', now: 'answered' },
]

/** An RMPUPDATE of two micro-steps on CPU 0, an RMPOPT on CPU 1 in between its own, and two steps that change nothing. */
const INVENTED_TRACE: readonly StoryStep[] = [
  step(0, 'guest', 'begins'),
  step(0, 'guest', 'lock a_mutex'),
  step(1, 'worker', 'RMPOPT region 0', { work: 'running' }),
  step(0, 'guest', 'RMPUPDATE page 1', {}),
  { ...step(0, 'guest', 'RMPUPDATE page 1', { 'region 0:': '1 assigned, optimised on 0,1' }), goesOn: true },
  { ...step(0, 'guest', 'RMPUPDATE page 1', { 'region 0:': '1 assigned, optimised on none' }), goesOn: true },
  { ...step(1, 'worker', 'RMPOPT region 0', { 'region 0:': '1 assigned, optimised on 1' }), goesOn: true },
]

/**
 * Two policies in two scenarios. `old` breaks soundness in both, and hangs in the second; `new` breaks soundness in the first by the same
 * run as `old`, holds it in the second, and was not seen to the end for deadlocks.
 */
export function inventedCheck(): CheckResult {
  const fails = { verdict: 'fails', start: INVENTED_START, trace: INVENTED_TRACE, steps: INVENTED_TRACE.length } as const
  const waits = step(0, 'guest', 'lock a_mutex')
  const longer = [...INVENTED_TRACE, waits]
  const results: CheckCell[] = [
    { ...of('old', 'first', 'soundness'), ...fails },
    { ...of('old', 'first', 'balance'), verdict: 'holds' },
    { ...of('old', 'first', 'no deadlock'), verdict: 'holds' },
    { ...of('old', 'second', 'soundness'), ...fails, trace: longer, steps: longer.length },
    { ...of('old', 'second', 'balance'), verdict: 'holds' },
    { ...of('old', 'second', 'no deadlock'), ...fails, trace: [waits], steps: 1, stuck: ['guest waits: lock a_mutex'] },
    { ...of('new', 'first', 'soundness'), ...fails },
    { ...of('new', 'first', 'balance'), verdict: 'holds' },
    { ...of('new', 'first', 'no deadlock'), verdict: 'unfinished' },
    { ...of('new', 'second', 'soundness'), verdict: 'holds' },
    { ...of('new', 'second', 'balance'), verdict: 'holds' },
    { ...of('new', 'second', 'no deadlock'), verdict: 'unfinished' },
  ]
  return {
    ...{ schema: 'rmpopt.check/1', holds: false },
    policies: [{ name: 'old' }, { name: 'new' }],
    scenarios: ['first', 'second'].map((name) => ({ name, sentence: `What happens in the ${name}.` })),
    properties: ['soundness', 'balance', 'no deadlock'].map((name) => ({ name, sentence: `What ${name} says.` })),
    results,
  }
}

/** The same with one result only. */
export function inventedFailure(change: Partial<CheckCell> = {}): CheckResult {
  const result = inventedCheck()
  return { ...result, results: [{ ...result.results[0], ...change }] }
}

function of(policy: string, scenario: string, property: string) {
  return { policy, scenario, property, states: scenario === 'first' ? 100 : 23 }
}

function step(cpu: number, who: string, what: string, changes: Readonly<Record<string, string>> = {}): StoryStep {
  return { action: 0, cpu, who, what, changes: Object.entries(changes).map(([of, now]) => ({ of, now })) }
}
