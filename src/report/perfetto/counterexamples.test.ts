import { describe, expect, test } from 'vitest'
import { type CheckResult, check } from '../../lab/index.ts'
import { inventedCheck, inventedFailure } from '../../testing/check-results.ts'
import { misplaced, type TraceEvent, traceEvents, tracks } from '../../testing/trace-events.ts'
import { counterexampleTrace } from './counterexamples.ts'

function traced(result: CheckResult): TraceEvent[] {
  return traceEvents(counterexampleTrace(result))
}

/** Of each track of the first run what is on it: from, to, name. */
function drawn(result: CheckResult): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(tracks(traced(result), 1)).map(([track, slices]) => [
      track,
      slices.map(({ ts, dur, name }) => `${ts}–${ts + dur} ${name}`),
    ]),
  )
}

describe('counterexampleTrace', () => {
  test('makes a process of each run that breaks a property, and of nothing else', () => {
    const names = traced(inventedCheck()).filter(({ name }) => name === 'process_name')
    expect(names.map(({ pid, args }) => `${pid} ${args['name']}`)).toEqual([
      '1 old breaks soundness in first',
      '2 old breaks soundness in second',
      '3 old breaks no deadlock in second',
      '4 new breaks soundness in first',
    ])
    expect(traced({ ...inventedCheck(), results: [] })).toEqual([])
  })

  test('draws step n from n µs on, micro-steps as one, and around an instruction with others in between the whole', () => {
    expect(drawn(inventedFailure())).toEqual({
      run: ['0–1 first: start', '8–9 broken: soundness'],
      'CPU 0': ['1–2 guest: begins', '2–3 guest: lock a_mutex', '4–7 guest: RMPUPDATE page 1'],
      'CPU 1': ['3–8 worker: RMPOPT region 0', '3–4 worker: RMPOPT region 0', '7–8 worker: RMPOPT region 0'],
      'region 0': [
        '0–6 0 assigned, optimised on 0,1',
        '6–7 1 assigned, optimised on 0,1',
        '7–8 1 assigned, optimised on none',
        '8–9 1 assigned, optimised on 1',
      ],
      work: ['0–4 not pending', '4–9 running'],
    })
  })

  test('says in arguments which steps, what they change, what it starts from, and what is broken', () => {
    const { run, 'CPU 0': cpu } = tracks(traced(inventedFailure()), 1)
    expect(cpu[2].args).toEqual({
      steps: '4 to 6',
      'region 0': '1 assigned, optimised on 0,1; then 1 assigned, optimised on none',
    })
    expect(run[0].args).toMatchObject({ scenario: 'What happens in the first.', work: 'not pending', 'core 1 table': 'on' })
    expect(run[1].args).toEqual({ property: 'What soundness says.' })
  })

  test('says that there is no time in it, and who waits for what', () => {
    const events = traced(inventedCheck()).filter(({ pid }) => pid === 3)
    const notes = events.find(({ name }) => name === 'rmpopt_notes')
    expect(notes?.args).toMatchObject({ time: 'none: one step is drawn as 1 µs', 'stuck 1': 'guest waits: lock a_mutex' })
    expect(events.find(({ name }) => name === 'broken: no deadlock')?.args).toMatchObject({
      'stuck 1': 'guest waits: lock a_mutex',
    })
  })

  test('bears a run without steps, and one that does not say what it starts from', () => {
    expect(drawn(inventedFailure({ trace: [], steps: 0 }))).toEqual({ run: ['0–1 first: start', '1–2 broken: soundness'] })
    expect(drawn(inventedFailure({ start: undefined }))['work']).toEqual(['4–9 running'])
  })

  test('nests the slices of every track of a real run, in which facts follow each other without a gap', async () => {
    const result = await check({ policies: ['v7'], scenarios: ['kexec'], properties: ['no deadlock'] })
    const text = counterexampleTrace(result)
    const all = tracks(traceEvents(text))
    expect(Object.keys(all)).toEqual(expect.arrayContaining(['run', 'CPU 0', 'region 1', 'work', 'mask']))
    for (const track of Object.values(all)) expect(misplaced(track)).toEqual([])
    const steps = result.results[0].steps!
    for (const fact of [all['region 1'], all['work'], all['mask']]) {
      expect(fact.reduce((end, { ts, dur }) => (ts === end ? ts + dur : Number.NaN), 0)).toBe(steps + 2)
    }
    expect(counterexampleTrace(structuredClone(result))).toBe(text)
  })
})
