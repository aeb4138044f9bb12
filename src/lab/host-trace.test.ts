import { describe, expect, it, test } from 'vitest'
import { POLICIES } from '../policy/index.ts'
import { perfettoTrace } from '../report/index.ts'
import type { HostSpan } from './host-events.ts'
import { hostSimulation } from './host-run.ts'
import { hostEvents } from './host-trace.ts'
import { generateTrace, resolveScenario, run, type ScenarioInput, traceFromRows } from './index.ts'
import { planFleet } from './plan.ts'

const GIB = 2 ** 30

/** One SNP guest of 2 GiB on a host of 16 GiB and 4 cores. */
const ONE = { host: 'tiny', hosts: 1, snpShare: 1, placement: 'lowest' } as const
const ONE_TRACE = traceFromRows([{ createdS: 100, deletedS: 1000, vcpus: 2, memoryGib: 2 }])
/** A small host with some traffic. */
const BUSY = { host: 'tiny', hosts: 1, snpShare: 0.7 } as const
const BUSY_TRACE = traceFromRows(
  Array.from({ length: 12 }, (_, i) => ({ createdS: i * 20, deletedS: i * 20 + 55, vcpus: 1, memoryGib: 1 + (i % 3) })),
)

function traced(input: ScenarioInput, trace = ONE_TRACE, options = {}) {
  const [host] = hostEvents(resolveScenario(input), trace, options).hosts
  const of = (kind: HostSpan['kind']) => host.spans.filter((span) => span.kind === kind)
  const counter = (name: string) => host.counters.find((one) => one.name === name)!.values
  return { ...host, of, counter }
}

function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function lengthNs({ startNs, endNs }: HostSpan): number {
  return endNs - startNs
}

function arg({ args }: HostSpan, name: string): number {
  return Number(args?.[name])
}

describe('the trace of a host', () => {
  it('shows both passes with their phases, the first interrupt by interrupt', () => {
    const { of } = traced(ONE)
    const [first, ...others] = of('pass')
    expect([first, ...others].map(({ name }) => name)).toEqual(['pass 1', 'leader', 'followers', 'pass 2', 'leader', 'followers'])
    expect(first.args).toMatchObject({ firstRegion: 0, lastRegion: 15, interrupts: 48, cpusInterrupted: 3, cpusShown: 3 })
    expect(lengthNs(others[0]) + lengthNs(others[1])).toBe(lengthNs(first))
    expect(of('rmpopt').map(({ name }) => name)).toEqual(Array.from({ length: 16 }, (_, region) => `RMPOPT ${region}`))
    const interrupts = of('ipi')
    expect(interrupts).toHaveLength(16 * 3 + 3)
    expect(interrupts.slice(-3).map(({ name }) => name)).toEqual(Array(3).fill(expect.stringMatching(/^16 interrupts, \d+ µs$/)))
    const leader = first.cpu
    expect(new Set(interrupts.slice(0, 48).map(({ cpu }) => cpu))).toEqual(new Set([0, 1, 2, 3].filter((cpu) => cpu !== leader)))
    // Nothing is assigned yet, but where the RMP itself and the firmware's pages lie.
    expect(sum(of('rmpopt').map((span) => arg(span, 'cf')))).toBe(14)
  })

  it('shows the life of the guest and what is converted for it, page by page', () => {
    const { of } = traced(ONE)
    const [guest] = of('guest')
    expect(of('guest')).toHaveLength(1)
    expect(guest).toMatchObject({ name: 'guest 0', args: { memoryGib: 2, vcpus: 2, asid: 1, cpus: '0,4' } })
    expect(guest.parts?.map(({ name }) => name)).toEqual(['launching', 'running', 'memory coming back'])
    expect(sum(guest.parts!.map(lengthNs))).toBe(lengthNs(guest))
    expect(guest.startNs).toBe(100e9)
    expect(guest.parts![2].startNs).toBeGreaterThan(1000e9)
    const [touched, shared] = ['private', 'shared'].map((to) =>
      of('conversion').filter(({ name }) => name === `guest 0 to ${to}`),
    )
    expect(touched).toHaveLength(16)
    expect(sum(touched.map((span) => arg(span, 'pages')))).toBe((2 * GIB) / 4096 - 1024)
    expect(shared.map((span) => arg(span, 'pages'))).toEqual([2, (2 * GIB) / 4096 - 2])
    expect(new Set(of('conversion').map(({ cpu }) => cpu)).size).toBe(1)
  })

  it('shows the moment at which a pass is asked for, and the timer', () => {
    const { of } = traced(ONE)
    const [request] = of('request')
    expect(of('request')).toHaveLength(1)
    expect(request).toMatchObject({ name: 'request', args: { timer: 'started' } })
    expect(arg(request, 'dueS') * 1e9 - request.startNs).toBeCloseTo(10e9, -1)
    expect(of('pass')[3].startNs).toBeGreaterThanOrEqual(Math.floor(arg(request, 'dueS') * 1e9))
    expect(of('moment').map(({ name }) => name)).toEqual(['about this trace', 'SNP enabled'])
  })

  it('agrees with the coverage of the run', async () => {
    const { counter } = traced(ONE)
    const { coverage, simulatedNs } = await run({ ...ONE, trace: ONE_TRACE })
    expect(counter('eligible regions').at(-1)).toEqual({ atNs: simulatedNs, value: 14 })
    const optimised = counter('regions optimised on all cores').at(-1)!.value
    expect(optimised / (16 - counter('assigned GiB').at(-1)!.value)).toBeCloseTo(coverage.final, 9)
    expect(Math.max(...counter('SNP guests running').map(({ value }) => value))).toBe(1)
    expect(counter('SNP guests running').at(-1)!.value).toBe(0)
  })

  it('shows what a window reaches into, counters from the value they had', () => {
    const { of, counter, notes } = traced(ONE, ONE_TRACE, { fromNs: 500e9, toNs: 1005e9 })
    expect(of('pass')).toEqual([])
    expect(of('guest')).toHaveLength(1)
    expect(of('conversion')).toHaveLength(1)
    expect(counter('SNP guests running')[0]).toEqual({ atNs: 500e9, value: 1 })
    expect(counter('eligible regions').at(-1)).toEqual({ atNs: 1005e9, value: 14 })
    expect(notes).toMatchObject({ fromS: 500, toS: 1005, passes: 0 })
    const running = traced(ONE, ONE_TRACE, { toNs: 500e9 }).of('guest')[0]
    expect(running).toMatchObject({ endNs: 500e9, args: { goesOn: 'yes' } })
    expect(running.parts?.map(({ name }) => name)).toEqual(['launching', 'running'])
  })

  it('refuses hosts and times that are not in the run', () => {
    expect(() => traced(ONE, ONE_TRACE, { hostIndex: 1 })).toThrow('hostIndex: 1 is too high')
    expect(() => traced(ONE, ONE_TRACE, { fromNs: 2e9, toNs: 1e9 })).toThrow('no part of a run')
    expect(() => traced(ONE, ONE_TRACE, { toNs: 1e18 })).toThrow('no part of a run')
  })
})

test('a trace ends where there are too many passes to show, and says so', () => {
  const trace = traceFromRows(
    Array.from({ length: 18 }, (_, i) => ({ createdS: i * 100, deletedS: i * 100 + 90, vcpus: 1, memoryGib: 2 })),
  )
  const { of, notes, counter } = traced({ ...ONE, policy: 'free-folio' }, trace)
  expect(of('pass').filter(({ name }) => name.startsWith('pass'))).toHaveLength(15_000)
  expect(notes).toMatchObject({ passes: 15_000, endsEarly: 'there are more than 15000 passes; the trace ends at the next' })
  const endNs = Number(notes?.['toS']) * 1e9
  expect(endNs).toBeLessThan(1800e9)
  expect(of('pass').at(-1)!.endNs).toBeLessThanOrEqual(endNs)
  expect(counter('eligible regions').at(-1)!.atNs).toBeCloseTo(endNs, -1)
})

describe.each(POLICIES.map(({ name }) => name))('under %s', (policy) => {
  const scenario = { ...BUSY, policy }

  test('passes take in the trace what they take in a run that nobody watches', () => {
    const { of } = traced(scenario, BUSY_TRACE)
    const resolved = resolveScenario(scenario)
    const host = hostSimulation({ ...planFleet(resolved, BUSY_TRACE).job(0), trials: [resolved], wantsMap: false })
    host.run()
    const { count, cpuNs, ipis, stallNsMax } = host.clock.tally.passes
    const passes = of('pass').filter(({ name }) => name.startsWith('pass'))
    expect(passes).toHaveLength(count)
    expect(sum(passes.map((pass) => arg(pass, 'cpuTimeNs')))).toBe(cpuNs)
    expect(sum(passes.map((pass) => arg(pass, 'interrupts')))).toBe(ipis)
    expect(Math.max(0, ...passes.map((pass) => arg(pass, 'longestStallNs')))).toBe(stallNsMax)
  })

  test('what is shown of interrupts and leaders adds up to what the passes take', () => {
    const { of } = traced(scenario, BUSY_TRACE)
    const named = (name: string) => of('pass').filter((span) => span.name === name)
    const leaders = sum(named('leader').map((span) => arg(span, 'busyNs')))
    const waits = sum(named('followers').map((span) => arg(span, 'leaderWaitsNs')))
    const handlers = of('ipi').map((span) => (span.args?.['interrupts'] === undefined ? lengthNs(span) : arg(span, 'handlersNs')))
    const passes = of('pass').filter(({ name }) => name.startsWith('pass'))
    const roundings = of('ipi').length + sum(passes.map((pass) => arg(pass, 'interrupts')))
    const shown = leaders + waits + sum(handlers)
    expect(Math.abs(shown - sum(passes.map((pass) => arg(pass, 'cpuTimeNs'))))).toBeLessThanOrEqual(0.5 * roundings)
    const interrupts = of('ipi').map((span) => Number(span.args?.['interrupts'] ?? 1))
    expect(sum(interrupts)).toBe(sum(passes.map((pass) => arg(pass, 'interrupts'))))
  })

  test('slices of a track nest, and the same run gives the same bytes', () => {
    const text = perfettoTrace(hostEvents(resolveScenario(scenario), BUSY_TRACE))
    expect(perfettoTrace(hostEvents(resolveScenario(scenario), BUSY_TRACE))).toBe(text)
    expect(tracksThatDoNotNest(text)).toEqual([])
  })
})

test('a day of a large host is a file that a viewer opens', () => {
  const scenario = resolveScenario({ untilS: 86_400 })
  const text = perfettoTrace(hostEvents(scenario, generateTrace(scenario.generate)))
  expect(text.length).toBeLessThan(50e6)
  expect(tracksThatDoNotNest(text)).toEqual([])
})

/** Tracks on which a slice overlaps one that does not hold it, or begins before the one before it. */
function tracksThatDoNotNest(text: string): number[] {
  const bad = new Set<number>()
  const open = new Map<number, number[]>()
  const begun = new Map<number, number>()
  for (const { ph, tid, ts, dur } of JSON.parse(text).traceEvents) {
    if (ph !== 'X') continue
    const [start, end] = [Math.round(ts * 1000), Math.round(ts * 1000) + Math.round(dur * 1000)]
    const ends = open.get(tid) ?? []
    open.set(tid, ends)
    if (start < (begun.get(tid) ?? 0)) bad.add(tid)
    begun.set(tid, start)
    while (ends.length > 0 && ends.at(-1)! <= start) ends.pop()
    if (ends.length > 0 && end > ends.at(-1)!) bad.add(tid)
    ends.push(end)
  }
  return [...bad]
}
