import type { Ns } from '../arch/index.ts'
import type { Backing, Placement } from '../kernel/index.ts'
import { type Policy, type PolicySpec, policyOf } from '../policy/index.ts'
import {
  type Blocked,
  type Costs,
  type GuestBehaviour,
  type HostedVm,
  HostSimulation,
  type HostSpec,
  type Integrals,
  type PassTotals,
  PolicyReplay,
  recordLife,
} from '../sim/index.ts'
import { withAuthors } from './authors.ts'
import { RegionMap } from './region-map.ts'

/** How a policy is named in a job: by its name, as a point of the space, or as itself (which no worker can be sent). */
export type PolicyRef = string | PolicySpec | Policy

/** A policy, and what things cost while it is tried. */
export interface Trial {
  readonly policy: PolicyRef
  readonly costs: Costs
}

/** One host's share of an experiment: plain data, so that it can be sent to a worker. */
export interface HostJob {
  readonly host: HostSpec
  readonly trials: readonly Trial[]
  readonly placement: Placement
  readonly backing: Backing
  readonly guest: GuestBehaviour
  readonly costs: Costs
  readonly vms: readonly HostedVm[]
  readonly endNs: Ns
  readonly bins: number
  /** Whether to draw the map of regions over time. */
  readonly wantsMap: boolean
}

/** What came of it: plain data, too. What does not depend on the policy, and what does, in order of the job's trials. */
export interface HostOutcome {
  readonly rmpupdates: number
  readonly events: number
  readonly blocked: Blocked
  readonly samples: number
  readonly failedVms: number
  readonly memoryWaits: number
  readonly trials: readonly PolicyOutcome[]
}

export interface PolicyOutcome {
  readonly bins: readonly Integrals[]
  readonly finalCoverage: number
  readonly passes: PassTotals
  readonly rmpopts: number
  readonly delaysNs: readonly Ns[]
  readonly neverCount: number
  readonly clears: number
  readonly events: number
  readonly keptBytes: number
  /** For each moment one character a region. */
  readonly map: readonly string[]
}

/** A policy for the driver that a reference stands for. */
export function policyFor(ref: PolicyRef): Policy {
  return typeof ref === 'object' && 'keptBytes' in ref ? ref : policyOf(ref)
}

/** A host under one policy that has not run yet: to look at in the middle. */
export function hostSimulation({ trials: [{ policy }], guest: behaviour, ...rest }: HostJob): HostSimulation {
  return new HostSimulation({ ...rest, behaviour, driver: policyFor(policy) })
}

/** Plays one host from boot to the end, then tries every policy on what happened there. */
export function runHost({ trials, guest: behaviour, vms, wantsMap, ...common }: HostJob): HostOutcome {
  const { host, life } = recordLife({ ...common, behaviour, vms })
  return {
    rmpupdates: host.clock.tally.rmpupdates,
    events: host.clock.tally.events,
    blocked: host.blockers.sum,
    samples: host.blockers.samples,
    failedVms: host.vmCounts.failed,
    memoryWaits: host.vmCounts.memoryWaits,
    trials: trials.map(({ policy, costs }) => {
      const driver = policyFor(policy)
      return withAuthors([driver], 'simulated', () => {
        const replay = new PolicyReplay({ ...common, costs, driver }, life)
        const map = new RegionMap(replay)
        if (wantsMap) replay.run(map.moments, () => map.look())
        else replay.run()
        return outcomeOf(replay, driver, map.rows)
      })
    }),
  }
}

function outcomeOf(replay: PolicyReplay, policy: Policy, map: readonly string[]): PolicyOutcome {
  const { coverage, delays, clock } = replay
  return {
    bins: coverage.bins,
    finalCoverage: coverage.current,
    passes: clock.tally.passes,
    rmpopts: clock.tally.rmpopts,
    delaysNs: delays.delaysNs,
    neverCount: delays.neverCount,
    clears: delays.clears,
    events: clock.tally.events,
    keptBytes: policy.keptBytes(replay.machine),
    map,
  }
}
