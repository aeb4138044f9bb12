import { DEFAULT_MACHINE_OPTIONS } from '../machine/index.ts'
import { planHost } from '../sim/index.ts'
import { generateTrace, type Trace } from '../workload/index.ts'
import { type FleetOutcome, type FleetPolicy, meanOf, type RunHooks, runFleet } from './fleet-run.ts'
import { quantileIfAny } from './quantile.ts'
import type { RunResult } from './result.ts'
import { resolveScenario, type Scenario, type ScenarioInput } from './scenario.ts'

export type { RunHooks } from './fleet-run.ts'

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
export async function runScenario(scenario: Scenario, trace: Trace, hooks: RunHooks = {}): Promise<RunResult> {
  const fleet = await runFleet(scenario, trace, [scenario], hooks)
  return runResult(scenario, trace, fleet, fleet.trials[0])
}

function runResult(scenario: Scenario, trace: Trace, fleet: FleetOutcome, policy: FleetPolicy): RunResult {
  const { passes, delaysNs, bins } = policy
  return {
    schema: 'rmpopt.run/1',
    policy: nameOf(scenario.policy),
    seed: scenario.seed,
    ...setting(scenario, trace, fleet),
    coverage: { mean: meanOf(bins, 'coverage'), final: policy.finalCoverage, idealMean: meanOf(bins, 'ideal') },
    checksSkipped: meanOf(bins, 'skipped'),
    checksSkippedLocal: meanOf(bins, 'skippedLocal'),
    passes: {
      count: passes.count,
      cpuNs: passes.cpuNs,
      wallNsMean: passes.count === 0 ? 0 : passes.wallNsSum / passes.count,
      wallNsMax: passes.wallNsMax,
      stallNsMax: passes.stallNsMax,
      ipis: passes.ipis,
    },
    reoptimiseDelayNs: {
      p50: quantileIfAny(delaysNs, 0.5),
      p99: quantileIfAny(delaysNs, 0.99),
      max: delaysNs.at(-1) ?? null,
      count: delaysNs.length,
      neverCount: policy.neverCount,
    },
    rmpupdates: { count: fleet.rmpupdates, clears: policy.clears },
    events: fleet.events + policy.events,
    blockedRegions: blockedRegions(scenario, fleet),
    memoryWaitSeconds: fleet.memoryWaits,
    timeline: timelineOf(fleet, policy),
  }
}

export function nameOf(policy: Scenario['policy']): string {
  return typeof policy === 'string' ? policy : policy.name
}

/** Hosts, VMs and time: what does not depend on the policy. */
export function setting(
  { host, placement, backing, snpShare }: Scenario,
  trace: Trace,
  { plan, failedVms }: FleetOutcome,
): Pick<RunResult, 'host' | 'hosts' | 'simulatedNs' | 'trace' | 'placement' | 'backing' | 'snpShare' | 'vms'> {
  return {
    host: {
      name: host.name,
      memoryBytes: host.memoryBytes,
      cores: host.sockets * host.coresPerSocket,
      logicalCpus: host.sockets * host.coresPerSocket * host.threadsPerCore,
    },
    hosts: plan.hosts,
    simulatedNs: plan.endNs,
    trace: trace.name,
    placement,
    backing,
    snpShare,
    vms: {
      requested: plan.requested,
      placed: plan.placed,
      rejected: plan.rejected,
      snp: plan.snp,
      failed: failedVms,
      skippedRows: trace.skippedRows,
    },
  }
}

export function blockedRegions({ host }: Scenario, { blocked }: FleetOutcome): RunResult['blockedRegions'] {
  const [upTo16Pages, upTo512Pages, upTo32768Pages, more] = blocked.byPages
  return {
    upTo16Pages,
    upTo512Pages,
    upTo32768Pages,
    more,
    byPlatformOnly: blocked.platformOnly,
    byKernelPagesOnly: blocked.kernelPagesOnly,
    beyondReach: regionsBeyondReach(host),
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

/** Means over hosts, of each part of the time. */
export function timelineOf({ plan }: FleetOutcome, { bins }: FleetPolicy): RunResult['timeline'] {
  return bins.map(({ seconds, coverage, ideal, skipped }, bin) => ({
    endNs: Math.round(((bin + 1) * plan.endNs) / bins.length),
    coverage: seconds === 0 ? 0 : coverage / seconds,
    ideal: seconds === 0 ? 0 : ideal / seconds,
    checksSkipped: seconds === 0 ? 0 : skipped / seconds,
  }))
}
