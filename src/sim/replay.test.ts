import { describe, expect, it } from 'vitest'
import { GIB, SECOND } from '../arch/index.ts'
import type { Backing, Placement } from '../kernel/index.ts'
import { POLICIES, type Policy, policyNamed } from '../policy/index.ts'
import { type HostedVm, HostSimulation, type HostSpec, hostNamed, PolicyReplay, recordLife } from './index.ts'

const small: HostSpec = { ...(hostNamed('tiny') as HostSpec), memoryBytes: 64 * GIB, rmpSegmentBytes: 64 * GIB }

/** Guests of all sizes that come and go, some close together. */
const VMS: readonly HostedVm[] = Array.from({ length: 40 }, (_, id) => ({
  id,
  createdNs: ((id * 37) % 300) * SECOND,
  deletedNs: (((id * 37) % 300) + 40 + ((id * 53) % 150)) * SECOND,
  vcpus: 1 + (id % 4),
  memoryBytes: (1 + (id % 3)) * GIB,
  isSnp: id % 2 === 0,
}))

interface Trial {
  readonly policy: Policy
  readonly backing?: Backing
  readonly placement?: Placement
}

function both({ policy, backing = '2m', placement = 'buddy' }: Trial): { direct: HostSimulation; replay: PolicyReplay } {
  const common = { host: small, placement, backing, endNs: 600 * SECOND, bins: 20 }
  const direct = new HostSimulation({ ...common, driver: policy, vms: VMS })
  direct.run()
  direct.finish()
  const { life } = recordLife({ ...common, vms: VMS })
  const replay = new PolicyReplay({ ...common, driver: policy }, life)
  replay.run()
  return { direct, replay }
}

/** What the two may differ by: guests feel the passes in one of them only. */
const TOLERANCE = 2e-4

describe('a policy tried on a life that was written down', () => {
  const inTheTeardownPath = ['free-folio']

  for (const policy of POLICIES.filter(({ name }) => !inTheTeardownPath.includes(name))) {
    it(`comes to what the simulation comes to in which guests feel the passes: ${policy.name}`, () => {
      const { direct, replay } = both({ policy })
      for (const of of ['coverage', 'ideal', 'skipped'] as const) {
        const [a, b] = [direct, replay].map(({ coverage }) => coverage.total[of] / coverage.total.seconds)
        expect(Math.abs(a - b), of).toBeLessThan(TOLERANCE)
      }
      expect(replay.delays.neverCount).toBe(direct.delays.neverCount)
      expect(replay.delays.delaysNs.length).toBe(direct.delays.delaysNs.length)
    })
  }

  for (const backing of ['2m', '4k', '1g'] as const) {
    for (const placement of ['lowest', 'hugetlb', 'numa-local'] as const) {
      it(`makes the same passes and waits as long, within 0.2 s (${backing}, ${placement})`, () => {
        const { direct, replay } = both({ policy: POLICIES[9], backing, placement })
        expect(replay.clock.tally.passes.count).toBe(direct.clock.tally.passes.count)
        const [a, b] = [direct, replay].map(({ delays }) => [...delays.delaysNs].sort((x, y) => x - y))
        a.forEach((ns, i) => {
          expect(Math.abs(ns - b[i])).toBeLessThan(0.2 * SECOND)
        })
      })
    }
  }

  it('reaches the same share of what is possible where a teardown waits for RMPOPT, and memory comes back later', () => {
    const { direct, replay } = both({ policy: policyNamed('free-folio') as Policy })
    const [a, b] = [direct, replay].map(({ coverage: { total } }) => total.coverage / total.ideal)
    expect(Math.abs(a - b)).toBeLessThan(TOLERANCE)
    const [more, fewer] = [direct, replay].map(({ clock }) => clock.tally.passes.count).sort((x, y) => y - x)
    expect(more / fewer).toBeLessThan(1.02)
  })

  it('tells of as many pages made shared as there are', () => {
    let told = 0
    const policy: Policy = {
      ...(policyNamed('none') as Policy),
      // biome-ignore lint/correctness/useYield: it only counts
      *madeShared(_kernel, _region, pages) {
        told += pages
      },
    }
    const common = { host: small, placement: 'buddy', backing: '2m', endNs: 600 * SECOND, bins: 20 } as const
    const direct = new HostSimulation({ ...common, driver: policy, vms: VMS })
    direct.run()
    const inDirect = told
    told = 0
    new PolicyReplay({ ...common, driver: policy }, recordLife({ ...common, vms: VMS }).life).run()
    expect(inDirect).toBeGreaterThan(0)
    expect(told).toBe(inDirect)
  })

  it('is the same each time', () => {
    const [a, b] = [1, 2].map(() => both({ policy: POLICIES[9] }).replay)
    expect(a.coverage.bins).toEqual(b.coverage.bins)
    expect(a.clock.tally).toEqual(b.clock.tally)
  })
})
