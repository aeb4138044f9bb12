import { describe, expect, it } from 'vitest'
import { readMeasurements } from '../files/index.ts'
import { COST_ASSUMPTIONS, COSTS, Stand, withCost } from '../sim/index.ts'
import { scan } from './scan.ts'
import { passLoop, resolveScan, type ScanInput } from './scan-options.ts'
import { SWEPT, sweptCosts } from './scan-sensitivity.ts'

/** 16 regions, 4 cores of 2 threads, one NUMA node; the RMP and firmware block 2 regions: where the RMP ends, and where the TMR lies. */
const tiny = (input: ScanInput = {}) => resolveScan({ host: 'tiny', ...input })
const scanTiny = (input: ScanInput = {}) => scan(tiny(input))

describe('scan', () => {
  it.each([
    ['empty', 14, 2],
    ['first-page', 0, 16],
    ['last-page', 0, 16],
    ['every-page', 0, 16],
    ['random:0', 14, 2],
    ['random:1', 0, 16],
  ])('optimises what holds no assigned page: %s', (state, optimised, assignedRegions) => {
    expect(scanTiny({ state })).toMatchObject({ regions: 16, optimised, assignedRegions, platformRegions: 2 })
  })

  it.each([
    ['leader-followers', 'primary', 3 * 16, 4 * 16],
    ['leader-followers', 'all', 6 * 16, 7 * 16],
    ['all-cpus', 'primary', 3 * 16, 4 * 16],
    ['all-cpus', 'all', 7 * 16, 8 * 16],
    ['leader-then-successes', 'primary', 3 * 14, 16 + 3 * 14],
    ['batched:1', 'primary', 3 * 16, 4 * 16],
    ['batched:5', 'primary', 3 * 4, 4 * 16],
    ['batched:2048', 'all', 6, 7 * 16],
    ['serial', 'primary', 2 * 3, 4 * 16],
    ['serial', 'all', 2 * 7, 8 * 16],
  ])('sends the interrupts of its loop: %s, %s threads', (loop, threads, ipis, rmpopts) => {
    expect(scanTiny({ loop, threads })).toMatchObject({ ipis, rmpopts, optimised: 14 })
  })

  it('with the followers only where the leader succeeded spares them all where it never does', () => {
    expect(scanTiny({ loop: 'leader-then-successes', state: 'first-page' })).toMatchObject({
      ipis: 0,
      rmpopts: 16,
      followersNs: 0,
    })
  })

  it('takes what can be worked out by hand', () => {
    const summary = Math.round(COSTS.summaryNs.node)
    const send = COSTS.wakeNs + 3 * COSTS.ipiPerCpuNs
    const first = scanTiny({ state: 'first-page' })
    // The TMR lies 16 MiB up, in a region whose first page is assigned, too; the RMP is at the top of the last region.
    expect(first.leaderNs).toBe(16 * summary)
    expect(first.followersNs).toBe(16 * Math.round(send + COSTS.summaryNs.node))
    const last = scanTiny({ state: 'last-page' })
    expect(last.leaderNs).toBeGreaterThan(14 * Math.round(512 * COSTS.summaryNs.node))
    expect(last.leaderNs).toBeLessThan(16 * Math.round(512 * COSTS.summaryNs.node))
    const empty = scanTiny()
    const copies = COSTS.cachedNs + 2 * COSTS.cachedContentionNs
    expect(empty.followersNs - (last.followersNs - 14 * Math.round(send + 512 * COSTS.summaryNs.node))).toBeCloseTo(
      14 * (send + copies),
      -2,
    )
    expect(empty.perCpuBusyNs.max).toBe(empty.wallNs)
    expect(last.stallNsMax).toBe(Math.round(send + 512 * COSTS.summaryNs.node))
  })

  it('launches guests through the kernel: their regions are not optimised', () => {
    const placement = 'lowest'
    const without = scanTiny({ placement })
    const one = scanTiny({ placement, guestBytes: [2 * 2 ** 30] })
    const two = scanTiny({ placement, guestBytes: [2 * 2 ** 30, 3 * 2 ** 30], backing: '1g' })
    expect(without.optimised - one.optimised).toBeGreaterThanOrEqual(2)
    expect(without.optimised - one.optimised).toBeLessThanOrEqual(3)
    expect(without.optimised - two.optimised).toBeGreaterThanOrEqual(5)
    expect(one.platformRegions).toBe(2)
    expect(one.assignedRegions + one.optimised).toBe(16)
  })

  it('refuses guests that do not fit, and hosts without RMPOPT', () => {
    expect(() => scanTiny({ guestBytes: [2 ** 40] })).toThrow(
      'guest: 1024 GiB do not fit into the free memory of the host; give less',
    )
    expect(() => scan(resolveScan({ host: 'turin-1s' }))).toThrow(/turin-1s cannot use RMPOPT/)
  })

  it('repeats the pass, which finds what the first has left', () => {
    const { again, leaderNs, followersNs } = scanTiny({ again: 3 })
    expect(again).toHaveLength(3)
    for (const pass of again) {
      expect(pass.leaderNs).toBeLessThan(leaderNs)
      expect(pass).toEqual(again[0])
      expect(pass.followersNs).toBe(followersNs)
    }
  })

  it('draws other pages with another seed, and the same with the same', () => {
    const at = (seed: number) => scanTiny({ state: 'random:0.001', seed })
    expect(at(1)).toEqual(at(1))
    const { seeds } = scan(tiny({ state: 'random:0.001' }), { seeds: 5 })
    const optimised = Float64Array.from([1, 2, 3, 4, 5], (seed) => at(seed).optimised).sort()
    expect(seeds?.optimised).toEqual({ min: optimised[0], median: optimised[2], max: optimised[4] })
    expect(seeds?.optimised.max).toBeGreaterThan(seeds?.optimised.min ?? Number.NaN)
  })

  it('counts every CPU that takes part once in its histogram', () => {
    for (const loop of ['serial', 'all-cpus', 'leader-followers']) {
      const { busyHistogram, participants } = scanTiny({ loop, threads: 'all' })
      expect(busyHistogram.reduce((sum, { cpus }) => sum + cpus, 0)).toBe(participants)
    }
  })
})

describe('the sensitivity of a scan', () => {
  it('is asked for every assumed cost that a pass depends on', () => {
    const loops = ['serial', 'all-cpus', 'leader-followers', 'leader-then-successes', 'batched:4'].map(
      (loop) => tiny({ loop }).loop,
    )
    const stand = new Stand({ host: tiny().host })
    const outcome = (costs = COSTS) =>
      loops.map((loop) => {
        stand.forget()
        return stand.pass(passLoop(loop), stand.kernel.rmpopt.primaries, { costs })
      })
    const usual = outcome()
    for (const { name, high } of COST_ASSUMPTIONS) {
      if (!SWEPT.includes(name)) expect(outcome(withCost(COSTS, name, high)), name).toEqual(usual)
    }
  })

  it('fits the other costs anew, so that the measured pass stays what it was', async () => {
    const sensitivity = sweptCosts(await readMeasurements('data/measurements.yaml'))
    const measured = scan(resolveScan({ state: 'first-page' }), { sensitivity })
    expect(measured.sensitivity?.map(({ name }) => name)).toEqual(SWEPT)
    for (const { name, atLow, atHigh } of measured.sensitivity ?? []) {
      for (const { wallNs, residualMax } of [atLow, atHigh]) {
        expect(Math.abs(wallNs / 95.3e6 - 1), name).toBeLessThan(residualMax + 0.02)
      }
    }
    const [ipi] = measured.sensitivity ?? []
    expect(ipi.atHigh.residualMax).toBeGreaterThan(0.05) // not as good as what is assumed: 85 ns leave nothing for waking
    const few = scan(tiny({ state: 'last-page' }), { sensitivity }).sensitivity ?? []
    const scans = few.find(({ name }) => name === 'scanContentionNs')
    expect((scans?.atHigh.wallNs ?? 0) - (scans?.atLow.wallNs ?? 0)).toBeGreaterThan(16 * 2 * 40)
  })
})
