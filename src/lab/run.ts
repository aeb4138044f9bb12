import type { Ns } from '../arch/index.ts'
import { DEFAULT_MACHINE_OPTIONS } from '../machine/index.ts'
import { planHost } from '../sim/index.ts'
import { generateTrace, type Trace } from '../workload/index.ts'
import { type HostJob, type HostOutcome, runHost } from './host-run.ts'
import { type FleetPlan, planFleet } from './plan.ts'
import type { RunResult } from './result.ts'
import { resolveScenario, type Scenario, type ScenarioInput } from './scenario.ts'

export interface RunHooks {
  /** Told after each host. */
  readonly onProgress?: (hostsDone: number, hosts: number) => void
  /** Who simulates the hosts; the default does it here, one after the other. Outcomes come in order of the jobs. */
  readonly simulate?: (jobs: number, job: (index: number) => HostJob) => AsyncIterable<HostOutcome> | Iterable<HostOutcome>
}

/** What `run` takes: a scenario, every field optional, and a trace, if it is not to be generated. */
export type RunOptions = Omit<ScenarioInput, 'trace'> & { readonly trace?: Trace }

/**
 * Simulates a fleet: VMs of a trace on hosts, SNP guests among them, under one policy of re-optimisation.
 *
 * Deterministic: the same options give the same result.
 * @throws UserError for options that are wrong or contradict each other
 */
export async function run({ trace, ...input }: RunOptions = {}, hooks: RunHooks = {}): Promise<RunResult> {
  const scenario = resolveScenario(input)
  return await runScenario(scenario, trace ?? generateTrace(scenario.generate), hooks)
}

/** The same for a scenario that has been resolved. */
export async function runScenario(
  scenario: Scenario,
  trace: Trace,
  { onProgress, simulate = here }: RunHooks = {},
): Promise<RunResult> {
  const plan = planFleet(scenario, trace)
  const outcomes: HostOutcome[] = []
  for await (const outcome of simulate(plan.hosts, plan.job)) {
    outcomes.push(outcome)
    onProgress?.(outcomes.length, plan.hosts)
  }
  return merge(scenario, trace, plan, outcomes)
}

function* here(jobs: number, job: (index: number) => HostJob): Iterable<HostOutcome> {
  for (let index = 0; index < jobs; index++) yield runHost(job(index))
}

function merge(scenario: Scenario, trace: Trace, plan: FleetPlan, outcomes: readonly HostOutcome[]): RunResult {
  const { host } = scenario
  const sum = (of: (outcome: HostOutcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const max = (of: (outcome: HostOutcome) => number) => outcomes.reduce((most, outcome) => Math.max(most, of(outcome)), 0)
  const timeline = timelineOf(plan.endNs, outcomes)
  const seconds = sum(({ bins }) => bins.reduce((total, bin) => total + bin.seconds, 0))
  const mean = (of: 'coverage' | 'ideal' | 'skipped') =>
    seconds === 0 ? 0 : sum(({ bins }) => bins.reduce((total, bin) => total + bin[of], 0)) / seconds
  const passes = sum((o) => o.passes.count)
  const delays = Float64Array.from(outcomes.flatMap(({ delaysNs }) => [...delaysNs])).sort()
  const blocked = (of: (outcome: HostOutcome) => number) =>
    sum(of) /
    Math.max(
      1,
      sum(({ samples }) => samples),
    )
  return {
    schema: 'rmpopt.run/1',
    policy: scenario.policy,
    seed: scenario.seed,
    host: {
      name: host.name,
      memoryBytes: host.memoryBytes,
      cores: host.sockets * host.coresPerSocket,
      logicalCpus: host.sockets * host.coresPerSocket * host.threadsPerCore,
    },
    hosts: plan.hosts,
    simulatedNs: plan.endNs,
    trace: trace.name,
    placement: scenario.placement,
    backing: scenario.backing,
    snpShare: scenario.snpShare,
    vms: {
      requested: plan.requested,
      placed: plan.placed,
      rejected: plan.rejected,
      snp: plan.snp,
      failed: sum((o) => o.failedVms),
      skippedRows: trace.skippedRows,
    },
    coverage: { mean: mean('coverage'), final: sum((o) => o.finalCoverage) / plan.hosts, idealMean: mean('ideal') },
    checksSkipped: mean('skipped'),
    passes: {
      count: passes,
      cpuNs: sum((o) => o.passes.cpuNs),
      wallNsMean: passes === 0 ? 0 : sum((o) => o.passes.wallNsSum) / passes,
      wallNsMax: max((o) => o.passes.wallNsMax),
      stallNsMax: max((o) => o.passes.stallNsMax),
      ipis: sum((o) => o.passes.ipis),
    },
    reoptimiseDelayNs: {
      p50: quantile(delays, 0.5),
      p99: quantile(delays, 0.99),
      max: delays.at(-1) ?? null,
      count: delays.length,
      neverCount: sum((o) => o.neverCount),
    },
    rmpupdates: { count: sum((o) => o.rmpupdates), clears: sum((o) => o.clears) },
    events: sum((o) => o.events),
    blockedRegions: {
      upTo16Pages: blocked((o) => o.blocked.byPages[0]),
      upTo512Pages: blocked((o) => o.blocked.byPages[1]),
      upTo32768Pages: blocked((o) => o.blocked.byPages[2]),
      more: blocked((o) => o.blocked.byPages[3]),
      byPlatformOnly: blocked((o) => o.blocked.platformOnly),
      byKernelPagesOnly: blocked((o) => o.blocked.kernelPagesOnly),
      beyondReach: regionsBeyondReach(host),
    },
    memoryWaitSeconds: sum((o) => o.memoryWaits),
    timeline,
  }
}

function regionsBeyondReach(host: Scenario['host']): number {
  if (!host.hasRmpopt || host.rmp !== 'segmented') return 0
  const { machine } = planHost(host)
  const { regionBytes, tableReachBytes } = { ...DEFAULT_MACHINE_OPTIONS, ...host.machine }
  const reachEnd = Math.floor(machine.ram[0].start / regionBytes) * regionBytes + tableReachBytes
  const beyond = machine.ram.reduce((sum, { start, end }) => sum + Math.max(0, end - Math.max(start, reachEnd)), 0)
  return Math.ceil(beyond / regionBytes)
}

function timelineOf(endNs: Ns, outcomes: readonly HostOutcome[]): RunResult['timeline'] {
  const bins = outcomes[0]?.bins.length ?? 0
  return Array.from({ length: bins }, (_, bin) => {
    const total = (of: 'seconds' | 'coverage' | 'ideal' | 'skipped') => outcomes.reduce((sum, { bins }) => sum + bins[bin][of], 0)
    const seconds = Math.max(total('seconds'), Number.MIN_VALUE)
    return {
      endNs: Math.round(((bin + 1) * endNs) / bins),
      coverage: total('coverage') / seconds,
      ideal: total('ideal') / seconds,
      checksSkipped: total('skipped') / seconds,
    }
  })
}

/** The smallest value that at least this share of the values does not exceed. */
function quantile(sorted: Float64Array, share: number): Ns | null {
  return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}
