import { describe, expect, it } from 'vitest'
import { run, traceFromRows } from '../index.ts'

const GIB = 2 ** 30

describe('run', () => {
  it('answers what can be worked out by hand: one SNP guest of 2 GiB on a host of 16 GiB', async () => {
    const trace = traceFromRows([{ createdS: 100, deletedS: 1000, vcpus: 2, memoryGib: 2 }])
    const result = await run({ trace, host: 'tiny', hosts: 1, snpShare: 1, placement: 'lowest' })
    // Launch: image 1024, 2 VMSAs, context. On demand: 1022 huge pages. Shared: 2 GHCBs. Back: all of it, one huge page in 510 pieces.
    expect(result.vms).toMatchObject({ requested: 1, placed: 1, snp: 1, failed: 0 })
    expect(result.passes).toMatchObject({ count: 2, ipis: 2 * 16 * 3 })
    expect(result.rmpupdates).toEqual({ count: 1027 + 1022 + 2 + (1027 + 1021 + 510), clears: 2 })
    expect(result.reoptimiseDelayNs.count).toBe(2)
    expect(result.reoptimiseDelayNs.p50).toBeGreaterThan(9.9e9)
    expect(result.reoptimiseDelayNs.max).toBeLessThan(10.1e9)
    const rmpGib = (64 * 2 ** 20 + 20 * 1024 + 2 * 2 ** 20) / GIB
    expect(result.coverage.final).toBeCloseTo(14 / (16 - rmpGib), 6)
  })

  it('says how much memory lies beyond the reach of a table', async () => {
    const rows = [{ createdS: 0, deletedS: 10, vcpus: 1, memoryGib: 1 }]
    const beyond = async (host: 'tiny' | 'venice-2s' | 'turin-1s' | 'whatif-6tib') =>
      (await run({ trace: traceFromRows(rows), host, hosts: 1 })).blockedRegions.beyondReach
    expect(await beyond('tiny')).toBe(0)
    expect(await beyond('venice-2s')).toBe(2)
    expect(await beyond('whatif-6tib')).toBe(4098)
    expect(await beyond('turin-1s')).toBe(0)
  })

  it('gives the same answer to the same question', async () => {
    const ask = () => run({ generate: { vms: 200, durationS: 20_000 }, hosts: 'auto', snpShare: 0.5 })
    expect(await ask()).toEqual(await ask())
  })

  it('refuses a launch image of broken pages', async () => {
    await expect(run({ guest: { imageBytes: 100 } })).rejects.toThrow(/imageBytes/)
  })
})
