import { describe, expect, it } from 'vitest'
import { GIB, SECOND } from '../arch/index.ts'
import { type HostedVm, type HostSpec, hostNamed, PolicyReplay, recordLife } from '../sim/index.ts'
import { MARKED } from './marked.ts'
import type { Policy } from './policy.ts'
import { V10 } from './revisions/v10.ts'

/** 128 cores, so that there are four last-level caches. */
const HOST: HostSpec = {
  ...(hostNamed('venice-2s') as HostSpec),
  coresPerSocket: 64,
  memoryBytes: 64 * GIB,
  rmpSegmentBytes: 16 * GIB,
}

/** A guest of 1 to 5 GiB comes every 20 s and stays for one to three minutes; the last goes after 10 min. */
const VMS: HostedVm[] = Array.from({ length: 22 }, (_, id) => ({
  id,
  createdNs: (20 + 20 * id) * SECOND,
  deletedNs: (80 + 20 * id + ((id * 37) % 120)) * SECOND,
  vcpus: 2,
  memoryBytes: (1 + (id % 5)) * GIB,
  isSnp: true,
}))
const GONE_NS = Math.max(...VMS.map(({ deletedNs }) => deletedNs))
const END_NS = 700 * SECOND

const COMMON = { host: HOST, placement: 'buddy', backing: '2m', endNs: END_NS, bins: 10 } as const
const BEHAVIOUR = { imageBytes: 4 * 2 ** 20, touchNs: 10 * SECOND, touchBursts: 4, sharedPagesPerVcpu: 1 }
const { life } = recordLife({ ...COMMON, vms: VMS, behaviour: BEHAVIOUR })

/** A policy on what happened there; `look` sees the host at a moment. */
function played(driver: Policy, atNs: number[] = [], look: (host: PolicyReplay) => void = () => {}): PolicyReplay {
  const replay = new PolicyReplay({ ...COMMON, driver }, life)
  replay.run(atNs, () => look(replay))
  return replay
}

function figures(driver: Policy) {
  const { coverage, clock, machine } = played(driver)
  const { ideal, coverage: is, seconds } = coverage.total
  const { cpuNs, stallNsMax } = clock.tally.passes
  return { lost: (ideal - is) / seconds, cpuNs, stallNsMax, keptBytes: driver.keptBytes(machine) }
}

describe('marked', () => {
  it('beats v10 in coverage, CPU time, interruption and memory kept, in coverage and CPU time at least five times', () => {
    const [ours, theirs] = [MARKED, V10].map(figures)
    const times = (figure: keyof typeof ours) => theirs[figure] / ours[figure]
    expect(times('lost')).toBeGreaterThan(5)
    expect(times('cpuNs')).toBeGreaterThan(5)
    expect(times('stallNsMax')).toBeGreaterThan(1)
    expect(times('keptBytes')).toBeGreaterThan(1)
  })

  it('has every eligible region optimised on every core 1.2 s after the last page came back', () => {
    const { coverage, delays } = played(MARKED)
    expect(delays.neverCount).toBe(0)
    expect(delays.delaysNs.length).toBeGreaterThan(20)
    expect(Math.max(...delays.delaysNs)).toBeLessThan(1.2 * SECOND)
    expect(coverage.current).toBeGreaterThan(0)
    played(MARKED, [GONE_NS + 1.2 * SECOND, END_NS], ({ machine }) => {
      for (let region = 0; region < machine.rmp.regions; region++) {
        const cores = machine.isFree(region) ? machine.topology.cores : 0
        expect(machine.optimisedOn(region).size, `region ${region}`).toBe(cores)
      }
    })
  })
})
