import type { Ns } from '../arch/index.ts'
import type { Backing, Placement } from '../kernel/index.ts'
import { policyNamed } from '../policy/index.ts'
import { type Blocked, type GuestBehaviour, type HostedVm, HostSimulation, type HostSpec, type Integrals } from '../sim/index.ts'

/** One host's share of a run: plain data, so that it can be sent to a worker. */
export interface HostJob {
  readonly host: HostSpec
  readonly policy: string
  readonly placement: Placement
  readonly backing: Backing
  readonly guest: GuestBehaviour
  readonly vms: readonly HostedVm[]
  readonly endNs: Ns
  readonly bins: number
}

/** What came of it: plain data, too. */
export interface HostOutcome {
  readonly bins: readonly Integrals[]
  readonly finalCoverage: number
  readonly passes: { count: number; cpuNs: Ns; wallNsSum: Ns; wallNsMax: Ns; stallNsMax: Ns; ipis: number }
  readonly delaysNs: Float64Array
  readonly neverCount: number
  readonly rmpupdates: number
  readonly clears: number
  readonly events: number
  readonly blocked: Blocked
  readonly samples: number
  readonly failedVms: number
  readonly memoryWaits: number
}

/** A host that has not run yet. */
export function hostSimulation(job: HostJob): HostSimulation {
  const { policy: name, guest: behaviour, ...rest } = job
  const policy = policyNamed(name)
  if (policy === undefined) throw new Error(`no policy ${name}`)
  return new HostSimulation({ ...rest, behaviour, policy })
}

/** Simulates one host from boot to the end. */
export function runHost(job: HostJob): HostOutcome {
  const host = hostSimulation(job)
  host.run()
  host.finish()
  const { tally } = host.clock
  const passes = { count: 0, cpuNs: 0, wallNsSum: 0, wallNsMax: 0, stallNsMax: 0, ipis: 0 }
  for (const { startNs, endNs, cpuNs, stallNs, ipis } of tally.passes) {
    passes.count++
    passes.cpuNs += cpuNs
    passes.wallNsSum += endNs - startNs
    passes.wallNsMax = Math.max(passes.wallNsMax, endNs - startNs)
    passes.stallNsMax = Math.max(passes.stallNsMax, stallNs)
    passes.ipis += ipis
  }
  return {
    bins: host.coverage.bins,
    finalCoverage: host.coverage.current,
    passes,
    delaysNs: Float64Array.from(host.delays.delaysNs),
    neverCount: host.delays.neverCount,
    rmpupdates: tally.rmpupdates,
    clears: host.delays.clears,
    events: tally.events,
    blocked: host.blockers.sum,
    samples: host.blockers.samples,
    failedVms: host.vmCounts.failed,
    memoryWaits: host.vmCounts.memoryWaits,
  }
}
