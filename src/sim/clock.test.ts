import { describe, expect, it } from 'vitest'
import { GIB, MS, SECOND } from '../arch/index.ts'
import { type Backing, cpuTime, onEachCpuMask, type Placement } from '../kernel/index.ts'
import { POLICIES, type Policy, policyNamed, V10 } from '../policy/index.ts'
import { COSTS } from './costs.ts'
import { HostSimulation } from './host.ts'
import type { HostSpec } from './host-spec.ts'
import { hostNamed } from './presets.ts'
import type { HostedVm } from './vm-life.ts'

const tiny = hostNamed('tiny') as HostSpec
const small: HostSpec = {
  ...tiny,
  name: 'small',
  sockets: 2,
  coresPerSocket: 8,
  memoryBytes: 64 * GIB,
  rmpSegmentBytes: 32 * GIB,
}

function vm(id: number, createdS: number, deletedS: number, gib: number, isSnp: boolean, vcpus = 2): HostedVm {
  return { id, createdNs: createdS * SECOND, deletedNs: deletedS * SECOND, vcpus, memoryBytes: gib * GIB, isSnp }
}

/** Guests that come together, end close together, and end while a pass runs over their memory. */
const CHURN: HostedVm[] = [
  vm(0, 0, 100, 2, true),
  vm(1, 0, 100.1, 3.5, true),
  vm(2, 0, 111.2, 1.75, true),
  vm(3, 5, 300, 4, false),
  vm(4, 110.4, 400, 0.75, true, 4),
  vm(5, 111.25, 250, 7, true),
  vm(6, 120, 121, 2, true),
  vm(7, 130, Number.POSITIVE_INFINITY, 2, true),
]

interface Trial {
  policy?: Policy
  placement?: Placement
  backing?: Backing
  host?: HostSpec
  players?: boolean
  vms?: readonly HostedVm[]
}

function simulate({
  policy = V10,
  placement = 'buddy',
  backing = '2m',
  host = small,
  players,
  vms = CHURN,
}: Trial): HostSimulation {
  const simulation = new HostSimulation({ host, driver: policy, placement, backing, vms, endNs: 500 * SECOND, bins: 10, players })
  simulation.run()
  simulation.finish()
  return simulation
}

/** All that a run says, but for how it was played. */
function account({ coverage, delays, clock, blockers, vmCounts }: HostSimulation): unknown {
  const { tally } = clock
  return {
    bins: coverage.bins,
    final: coverage.current,
    delays: delays.delaysNs,
    never: delays.neverCount,
    clears: delays.clears,
    tally: { ...tally, events: tally.events },
    blocked: blockers.sum,
    vmCounts,
  }
}

describe('a loop played without its generator', () => {
  for (const backing of ['2m', '4k', '1g'] as const) {
    for (const placement of ['lowest', 'buddy', 'opposite-ends'] as const) {
      it(`gives to the last bit what playing it step by step gives (${backing}, ${placement})`, () => {
        const fast = account(simulate({ backing, placement, players: true }))
        expect(fast).toEqual(account(simulate({ backing, placement, players: false })))
      })
    }
  }

  it('gives the same for every policy', () => {
    for (const policy of POLICIES) {
      expect(account(simulate({ policy, players: true }))).toEqual(account(simulate({ policy, players: false })))
    }
  })

  it('gives the same for a pass that nothing interferes with', () => {
    const host = { ...small, memoryBytes: 256 * GIB, rmpSegmentBytes: 64 * GIB }
    const [fast, slow] = [true, false].map((players) => simulate({ host, vms: [], players }))
    expect(fast.clock.tally.passes.count).toBe(1)
    expect(account(fast)).toEqual(account(slow))
  })
})

describe('a broadcast to cores of which some reach the region', () => {
  it('takes the time of those who do, and interrupts all', () => {
    const host = { ...small, machine: { tableReachBytes: 16 * GIB } } // v1: a base for each of two sockets of 32 GiB
    const { passes, rmpopts } = simulate({ host, policy: policyNamed('v1'), vms: [] }).clock.tally
    expect(rmpopts).toBe(passes.count * 2 * 8 * 16)
    expect(passes.ipis).toBe(passes.count * 2 * 16 * 15)
    expect(passes.wallNsSum).toBeGreaterThan(passes.count * 32 * (512 * COSTS.summaryNs.node + COSTS.wakeNs))
    expect(passes.cpuNs).toBeGreaterThan(passes.wallNsSum)
  })
})

describe('v10', () => {
  it('optimises every eligible region once guests have stopped coming and going', () => {
    const { machine } = simulate({ vms: CHURN.slice(0, 7) })
    const { regions, assignedPages } = machine.rmp
    for (let region = 0; region < regions; region++) {
      const expected = assignedPages[region] === 0 ? machine.topology.cores : 0
      expect(machine.optimisedOn(region).size, `region ${region}`).toBe(expected)
    }
  })

  it('makes one pass for guests that end close together, 10 s after the last of them', () => {
    const vms = [vm(0, 0, 100, 1, true), vm(1, 0, 104, 1, true), vm(2, 0, 108, 1, true)]
    const options = { host: small, driver: V10, placement: 'buddy', backing: '2m', endNs: 500 * SECOND, bins: 1 } as const
    const simulation = new HostSimulation({ ...options, vms })
    const passesUntil = (ns: number) => {
      simulation.run(ns)
      return simulation.clock.tally.passes.count
    }
    expect([118 * SECOND, 118 * SECOND + 200 * MS, 500 * SECOND].map(passesUntil)).toEqual([1, 2, 2])
  })

  it('lets no region be optimised that holds an assigned page, whatever passes and conversions overlap', () => {
    for (let untilS = 99; untilS < 130; untilS += 0.37) {
      const simulation = new HostSimulation({
        host: small,
        driver: V10,
        placement: 'buddy',
        backing: '2m',
        vms: CHURN,
        endNs: 500 * SECOND,
        bins: 10,
      })
      simulation.run(untilS * SECOND)
      const { machine } = simulation
      for (let region = 0; region < machine.rmp.regions; region++) {
        if (machine.rmp.assignedPages[region] > 0) expect(machine.optimisedOn(region).size).toBe(0)
      }
    }
  })

  it('returns all memory: after the last guest the host is as it was after boot', () => {
    const before = simulate({ vms: [] })
    const after = simulate({ vms: CHURN.slice(0, 7) })
    expect(after.kernel.memory.freePages).toBe(before.kernel.memory.freePages)
    expect([...after.machine.rmp.assignedPages]).toEqual([...before.machine.rmp.assignedPages])
    expect(after.kernel.leakedPages).toBe(0)
  })
})

describe('the bounds', () => {
  it('hold: none covers nothing, ideal covers all that is eligible, v10 lies between', () => {
    const mean = (policy: Policy) => {
      const { seconds, coverage, ideal } = simulate({ policy }).coverage.total
      return { coverage: coverage / seconds, ideal: ideal / seconds }
    }
    const [v10, none, ideal] = ['v10', 'none', 'ideal'].map((name) => mean(policyNamed(name) as Policy))
    expect(none.coverage).toBe(0)
    expect(ideal.coverage).toBeCloseTo(ideal.ideal, 12)
    expect(v10.coverage).toBeGreaterThan(0.9 * v10.ideal)
    expect(v10.coverage).toBeLessThan(v10.ideal)
  })

  it('a host without RMPOPT covers nothing, and has nothing to be ideal about', () => {
    const { seconds, coverage, ideal } = simulate({ host: { ...small, hasRmpopt: false } }).coverage.total
    expect(seconds).toBeGreaterThan(0)
    expect([coverage, ideal]).toEqual([0, 0])
  })

  it('nor does a host with a contiguous RMP: RMPOPT needs a segmented one (§3 [L v1])', () => {
    const simulation = simulate({ host: { ...small, rmp: 'contiguous' } })
    expect(simulation.coverage.total.coverage).toBe(0)
    expect(simulation.clock.tally.passes.count).toBe(0)
  })
})

describe('an interrupt', () => {
  /** When a task that computes on CPU `cpu` is done, if CPU 0 sends all of `mask` an interrupt meanwhile. */
  function doneNs(cpu: number, mask: readonly number[]): number {
    const { kernel, clock } = simulate({ vms: [] })
    const start = clock.nowNs
    let done = 0
    clock.spawn(
      (function* () {
        yield* cpuTime('clear 2M page', 10)
        done = clock.nowNs
      })(),
      cpu,
    )
    clock.spawn(onEachCpuMask(kernel.machine.topology.cpuSets.of(mask), { name: 'WBINVD' }), 0)
    clock.run(start + SECOND)
    return done - start
  }
  const alone = 10 * COSTS.cpuWorkNs['clear 2M page']
  const handler = COSTS.irqNs + COSTS.instructionNs.WBINVD

  it('delays what runs on the CPU that it interrupts, by the time of its handler', () => {
    expect(doneNs(3, [1, 2, 3])).toBe(alone + handler)
  })

  it('delays nothing on other CPUs', () => {
    expect(doneNs(3, [1, 2, 4])).toBe(alone)
  })
})
