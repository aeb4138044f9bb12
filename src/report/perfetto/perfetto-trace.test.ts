import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HostEvents, HostSpan } from '../../lab/index.ts'
import { misplaced, type TraceEvent, traceEvents, tracks } from '../../testing/trace-events.ts'
import { perfettoTrace } from './perfetto-trace.ts'

const EVENTS: HostEvents = {
  hosts: [
    {
      name: 'host 0',
      spans: [
        { name: 'rmpopt 0 GiB', kind: 'rmpopt', cpu: 3, startNs: 1100, endNs: 1400, args: { cf: 1 } },
        { name: 'pass', kind: 'pass', cpu: 3, startNs: 1000, endNs: 5001.4 },
        { name: 'rmpopt', kind: 'ipi', cpu: 12, startNs: 2000, endNs: 2500 },
        { name: 'vm 7', kind: 'guest', startNs: 0, endNs: 9000 },
        { name: 'vm 8', kind: 'guest', startNs: 500, endNs: 10_000 },
      ],
      counters: [
        {
          name: 'optimised regions',
          values: [
            { atNs: 1400, value: 1 },
            { atNs: 0, value: 0 },
          ],
        },
      ],
    },
    { name: 'host 1', spans: [], counters: [] },
  ],
}

function traced(events: HostEvents): TraceEvent[] {
  return traceEvents(perfettoTrace(events))
}

test('a host is a process, a CPU a track, and so is each guest beside another', () => {
  const events = traced(EVENTS)
  expect(events.filter(({ name }) => name === 'process_name').map(({ pid, args }) => [pid, args['name']])).toEqual([
    [1, 'host 0'],
    [2, 'host 1'],
  ])
  const names = Object.entries(tracks(events)).map(([track, slices]) => [track, slices.map(({ name }) => name)])
  expect(names).toEqual([
    ['CPU 3', ['pass', 'rmpopt 0 GiB']],
    ['CPU 12', ['rmpopt']],
    ['guest 1', ['vm 7']],
    ['guest 2', ['vm 8']],
  ])
})

test('times are microseconds with nanoseconds as decimals', () => {
  const slices = traced(EVENTS).filter(({ ph }) => ph === 'X')
  expect(slices.map(({ ts, dur }) => [ts, dur])).toContainEqual([1.1, 0.3])
  expect(slices[0]).toMatchObject({ ts: 1, dur: 4.001, cat: 'pass' })
  expect(slices[1].args).toEqual({ cf: 1 })
})

test('counters go in order of time', () => {
  const counts = traced(EVENTS).filter(({ ph }) => ph === 'C')
  expect(counts.map(({ ts, args }) => [ts, args['value']])).toEqual([
    [0, 0],
    [1.4, 1],
  ])
})

test('CPUs are sorted by number, what runs on none comes after', () => {
  const order = traced(EVENTS).filter(({ name }) => name === 'thread_sort_index')
  const indices = order.map(({ args }) => Number(args['sort_index']))
  expect(indices).toEqual([...indices].sort((a, b) => a - b))
  expect(indices.every(Number.isInteger)).toBe(true)
})

test('guests that live at the same time have a track each, with the parts of their lives', () => {
  const guest = (name: string, startNs: number, endNs: number): HostSpan => ({
    ...{ name, kind: 'guest', startNs, endNs },
    parts: [{ name: `${name} runs`, kind: 'guest', startNs: startNs + 10, endNs }],
  })
  const spans = [guest('a', 0, 1000), guest('b', 100, 500), guest('c', 500, 700)]
  const names = Object.values(tracks(traced({ hosts: [{ name: 'h', spans, counters: [] }] }))).map((slices) =>
    slices.map(({ name }) => name),
  )
  expect(names).toEqual([
    ['a', 'a runs'],
    ['b', 'b runs', 'c', 'c runs'],
  ])
})

test('a request is an instant, notes are metadata', () => {
  const request: HostSpan = { name: 'request', kind: 'request', cpu: 2, startNs: 1500, endNs: 1500, args: { dueS: 10 } }
  const events = traced({ hosts: [{ name: 'h', spans: [request], counters: [], notes: { passes: 3 } }] })
  expect(events.find(({ ph }) => ph === 'i')).toEqual({
    ...{ ph: 'i', s: 't', pid: 1, tid: 2, name: 'request', cat: 'request', ts: 1.5, args: { dueS: 10 } },
  })
  expect(events.find(({ name }) => name === 'rmpopt_notes')).toMatchObject({ ph: 'M', args: { passes: 3 } })
})

test('slices of a track nest, whatever happened, and none is lost', () => {
  const span: fc.Arbitrary<HostSpan> = fc
    .record({ cpu: fc.option(fc.nat(2), { nil: undefined }), startNs: fc.nat(3000), length: fc.nat(1500) })
    .map(({ cpu, startNs, length }) => ({ name: 's', kind: 'rmpopt', cpu, startNs, endNs: startNs + length }))
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), (spans) => {
      const slices = Object.values(tracks(traced({ hosts: [{ name: 'h', spans, counters: [] }] })))
      expect(slices.flat()).toHaveLength(spans.length)
      for (const track of slices) expect(misplaced(track)).toEqual([])
    }),
  )
})
