import type { Ns } from '../arch/index.ts'
import { type Blocked, type Integrals, nothingBlocked, type PassTotals } from '../sim/index.ts'
import type { Trace } from '../workload/index.ts'
import { type HostJob, type HostOutcome, type PolicyOutcome, runHost, type Trial } from './host-run.ts'
import { type FleetPlan, planFleet } from './plan.ts'
import type { Scenario } from './scenario.ts'

export interface RunHooks {
  /** Told after each host. */
  readonly onProgress?: (hostsDone: number, hosts: number) => void
  /** Who simulates the hosts; the default does it here, one after the other. Outcomes come in order of the jobs. */
  readonly simulate?: (jobs: number, job: (index: number) => HostJob) => AsyncIterable<HostOutcome> | Iterable<HostOutcome>
}

/** What came of a fleet: what does not depend on the policy, and what does, in order of the trials. */
export interface FleetOutcome {
  readonly plan: FleetPlan
  readonly rmpupdates: number
  readonly events: number
  /** Means over hosts and time. */
  readonly blocked: Blocked
  readonly failedVms: number
  readonly memoryWaits: number
  readonly trials: readonly FleetPolicy[]
}

/** One policy on all hosts. */
export interface FleetPolicy {
  /** Sums over hosts, of each part of the time. */
  readonly bins: readonly Integrals[]
  readonly finalCoverage: number
  readonly passes: PassTotals
  readonly rmpopts: number
  /** Ascending. */
  readonly delaysNs: Float64Array
  readonly neverCount: number
  readonly clears: number
  readonly events: number
  readonly keptBytes: number
  /** Of the host that was asked for. */
  readonly map: readonly string[]
}

/** Places a trace's VMs on hosts, plays every host once, and tries every policy there. */
export async function runFleet(
  scenario: Scenario,
  trace: Trace,
  trials: readonly Trial[],
  { onProgress, simulate = here }: RunHooks = {},
  mapOfHost?: number,
): Promise<FleetOutcome> {
  const plan = planFleet(scenario, trace)
  const outcomes: HostOutcome[] = []
  const job = (index: number): HostJob => ({ ...plan.job(index), trials, wantsMap: index === mapOfHost })
  for await (const outcome of simulate(plan.hosts, job)) {
    outcomes.push(outcome)
    onProgress?.(outcomes.length, plan.hosts)
  }
  const sum = (of: (outcome: HostOutcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  return {
    plan,
    rmpupdates: sum((o) => o.rmpupdates),
    events: sum((o) => o.events),
    blocked: meanBlocked(outcomes),
    failedVms: sum((o) => o.failedVms),
    memoryWaits: sum((o) => o.memoryWaits),
    trials: trials.map((_, index) => merge(outcomes.map((outcome) => outcome.trials[index]))),
  }
}

function* here(jobs: number, job: (index: number) => HostJob): Iterable<HostOutcome> {
  for (let index = 0; index < jobs; index++) yield runHost(job(index))
}

function meanBlocked(outcomes: readonly HostOutcome[]): Blocked {
  const mean = nothingBlocked()
  const samples = Math.max(
    1,
    outcomes.reduce((total, outcome) => total + outcome.samples, 0),
  )
  for (const { blocked } of outcomes) {
    blocked.byPages.forEach((regions, i) => {
      mean.byPages[i] += regions / samples
    })
    mean.platformOnly += blocked.platformOnly / samples
    mean.kernelPagesOnly += blocked.kernelPagesOnly / samples
  }
  return mean
}

function merge(hosts: readonly PolicyOutcome[]): FleetPolicy {
  const sum = (of: (outcome: PolicyOutcome) => number) => hosts.reduce((total, outcome) => total + of(outcome), 0)
  const max = (of: (outcome: PolicyOutcome) => Ns) => hosts.reduce((most, outcome) => Math.max(most, of(outcome)), 0)
  const ofBins = (bin: number, of: keyof Integrals) => sum(({ bins }) => bins[bin][of])
  return {
    bins: hosts[0].bins.map((_, bin) => ({
      seconds: ofBins(bin, 'seconds'),
      coverage: ofBins(bin, 'coverage'),
      ideal: ofBins(bin, 'ideal'),
      skipped: ofBins(bin, 'skipped'),
      skippedLocal: ofBins(bin, 'skippedLocal'),
    })),
    finalCoverage: sum((o) => o.finalCoverage) / hosts.length,
    passes: {
      count: sum((o) => o.passes.count),
      cpuNs: sum((o) => o.passes.cpuNs),
      wallNsSum: sum((o) => o.passes.wallNsSum),
      wallNsMax: max((o) => o.passes.wallNsMax),
      stallNsMax: max((o) => o.passes.stallNsMax),
      ipis: sum((o) => o.passes.ipis),
    },
    rmpopts: sum((o) => o.rmpopts),
    delaysNs: Float64Array.from(hosts.flatMap(({ delaysNs }) => [...delaysNs])).sort(),
    neverCount: sum((o) => o.neverCount),
    clears: sum((o) => o.clears),
    events: sum((o) => o.events),
    keptBytes: hosts[0].keptBytes,
    map: hosts.find(({ map }) => map.length > 0)?.map ?? [],
  }
}

/** Mean over hosts and time of what was added up. */
export function meanOf(bins: readonly Integrals[], of: Exclude<keyof Integrals, 'seconds'>): number {
  const seconds = bins.reduce((total, bin) => total + bin.seconds, 0)
  return seconds === 0 ? 0 : bins.reduce((total, bin) => total + bin[of], 0) / seconds
}
