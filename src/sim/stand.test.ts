import { describe, expect, it } from 'vitest'
import { GIB } from '../arch/index.ts'
import { rmpoptWorkHandler } from '../kernel/index.ts'
import { executePass, WHOS, type Who } from '../policy/index.ts'
import { COSTS } from './costs.ts'
import type { HostSpec } from './host-spec.ts'
import { hostNamed } from './presets.ts'
import { fillRmp, type RmpState } from './rmp-state.ts'
import { type PassLoop, type PassRecord, Stand } from './stand.ts'

const tiny = hostNamed('tiny') as HostSpec
const small: HostSpec = {
  ...tiny,
  name: 'small',
  sockets: 2,
  coresPerSocket: 8,
  nodesPerSocket: 2,
  memoryBytes: 32 * GIB,
  rmpSegmentBytes: 8 * GIB,
}

const by =
  (who: Who): PassLoop =>
  (kernel, regions, cpus) =>
    executePass(kernel, who, 'lowest', [regions], cpus)
const serialPass = by(WHOS['one-at-a-time'])
const allCpusPass = by(WHOS.broadcast)
const leaderFollowersPass = by(WHOS['leader-followers'])
const leaderThenSuccessesPass = by(WHOS['leader-successes'])
const batchedPass = (batch: number) => by({ ...WHOS['leader-followers'], batch })

const LOOPS: readonly (readonly [name: string, loop: PassLoop])[] = [
  ['serial', serialPass],
  ['all CPUs', allCpusPass],
  ['leader, followers', leaderFollowersPass],
  ['leader, then successes', leaderThenSuccessesPass],
  ['batches of 5', batchedPass(5)],
  ['the published driver', (kernel) => rmpoptWorkHandler(kernel)],
]
const STATES: readonly RmpState[] = [
  { name: 'empty' },
  { name: 'first-page' },
  { name: 'last-page' },
  { name: 'every-page' },
  { name: 'random', share: 0.002 },
]

function stand(host: HostSpec, state: RmpState): Stand {
  const made = new Stand({ host })
  fillRmp(made.machine, made.regions, state)
  return made
}

function pass(on: Stand, loop: PassLoop, threads: 'primary' | 'all' = 'primary', players = true): PassRecord {
  on.forget()
  return on.pass(loop, threads === 'all' ? on.kernel.online : on.kernel.rmpopt.primaries, { players, leader: 3 })
}

describe('a pass on the stand', () => {
  describe.each(STATES)('of memory that is $name', (state) => {
    it.each(LOOPS)('takes the same to the last bit with its generators and without: %s', (_, loop) => {
      const on = stand(small, state)
      for (const threads of ['primary', 'all'] as const) {
        const [fast, fastAgain] = [pass(on, loop, threads), on.pass(loop, on.kernel.rmpopt.primaries)]
        const [slow, slowAgain] = [pass(on, loop, threads, false), on.pass(loop, on.kernel.rmpopt.primaries, { players: false })]
        expect(fast).toEqual(slow)
        expect(fastAgain).toEqual(slowAgain)
      }
    })

    it.each(LOOPS)('accounts for all CPU time, CPU by CPU: %s', (_, loop) => {
      const on = stand(small, state)
      const { busyNs, cpuNs, wallNs } = pass(on, loop, 'all')
      // One is rounded for each broadcast, the other for each CPU.
      expect(Math.abs(busyNs.reduce((sum, ns) => sum + ns, 0) - cpuNs)).toBeLessThan(1 + 32 * 3)
      for (const ns of busyNs) expect(ns).toBeLessThanOrEqual(wallNs + 32 * COSTS.irqNs)
    })
  })

  it('is made of a leader and followers', () => {
    for (const [, loop] of LOOPS) {
      const { wallNs, leaderNs, followersNs } = pass(stand(small, { name: 'empty' }), loop)
      expect(leaderNs + followersNs).toBe(wallNs)
    }
  })

  it('leaves the same regions optimised on the same cores, whoever executes it', () => {
    const optimised = LOOPS.map(([, loop]) => {
      const on = stand(small, { name: 'random', share: 0.002 })
      pass(on, loop)
      return on.machine.tables.sets.map(({ size }) => size)
    })
    for (const sets of optimised) expect(sets).toEqual(optimised[0])
    expect(new Set(optimised[0])).toEqual(new Set([0, 16]))
  })

  it('takes longer the more cores, memory and summaries there are', () => {
    const wall = (host: Partial<HostSpec>, state: RmpState, loop: PassLoop = leaderFollowersPass) =>
      pass(stand({ ...small, ...host }, state), loop).wallNs
    const empty = { name: 'empty' } as const
    for (const [, loop] of LOOPS) {
      expect(wall({ coresPerSocket: 16 }, empty, loop)).toBeGreaterThan(wall({}, empty, loop))
      expect(wall({ memoryBytes: 64 * GIB, rmpSegmentBytes: 16 * GIB }, empty, loop)).toBeGreaterThan(wall({}, empty, loop))
    }
    expect(wall({}, { name: 'last-page' })).toBeGreaterThan(wall({}, { name: 'first-page' }))
    expect(wall({}, empty)).toBeGreaterThan(wall({}, { name: 'first-page' }))
  })

  it('by SMT siblings too costs the interrupts and no more waiting: they share the place of their core', () => {
    const on = stand(small, { name: 'empty' })
    const [one, both] = (['primary', 'all'] as const).map((threads) => pass(on, allCpusPass, threads))
    const regions = on.regions.end - on.regions.first
    expect(both.wallNs - one.wallNs).toBeCloseTo(16 * regions * COSTS.ipiPerCpuNs, -2)
  })

  it('that is repeated finds stored results: the leader takes them, the followers do as before', () => {
    const on = stand(small, { name: 'empty' })
    const first = pass(on, leaderFollowersPass)
    const again = on.pass(leaderFollowersPass, on.kernel.rmpopt.primaries, { leader: 3 })
    expect(again.followersNs).toBe(first.followersNs)
    expect(again.leaderNs).toBeLessThan(first.leaderNs / 4)
  })

  it('by batches saves waking and sending, and costs longer interruptions', () => {
    const on = stand(small, { name: 'empty' })
    const [one, eight] = [1, 8].map((regions) => pass(on, batchedPass(regions)))
    expect(one).toEqual(pass(on, leaderFollowersPass))
    const send = COSTS.wakeNs + 15 * COSTS.ipiPerCpuNs
    expect(one.wallNs - eight.wallNs).toBeCloseTo((32 - 4) * send, -2)
    expect(eight.stallNsMax).toBeGreaterThan(1.5 * one.stallNsMax)
  })
})
