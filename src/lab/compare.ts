import type { Ns } from '../arch/index.ts'
import type { Trace } from '../workload/index.ts'
import { assumptions } from './assumptions.ts'
import type { ComparedFigure, ComparedPolicy, CompareResult } from './compare-result.ts'
import { type FleetOutcome, type FleetPolicy, meanOf, type RunHooks, runFleet } from './fleet-run.ts'
import { type PolicyRef, policyFor } from './host-run.ts'
import { bestOther, onFront } from './pareto.ts'
import { quantileIfAny } from './quantile.ts'
import { mapMoments } from './region-map.ts'
import { blockedRegions, setting, timelineOf } from './run.ts'
import type { Scenario } from './scenario.ts'
import { sensitivityOf, sweepTrials } from './sensitivity.ts'

export interface CompareOptions {
  readonly policies: readonly PolicyRef[]
  /** The policy that the others are held against; default the first. */
  readonly versus?: string
  /** How many seeds to try, from the scenario's on; default 1. */
  readonly seeds?: number
  /** Whether to sweep the assumed costs of a pass over their ranges. */
  readonly sweep?: boolean
  /** The command line that makes the result again. */
  readonly command?: string
}

/** The host whose regions are drawn. */
const MAP_OF_HOST = 0

/**
 * Tries policies side by side, on the same hosts, VMs and seeds.
 * @param traceFor the VMs of a scenario, which differs from the one given in its seeds only
 */
export async function compareScenario(
  scenario: Scenario,
  traceFor: (scenario: Scenario) => Trace | Promise<Trace>,
  { policies, versus, seeds = 1, sweep = false, command = '' }: CompareOptions,
  hooks: RunHooks = {},
): Promise<CompareResult> {
  const base = policies.map((policy) => ({ policy, costs: scenario.costs }))
  const trials = [...base, ...(sweep ? sweepTrials(base) : [])]
  const first = await traceFor(scenario)
  const fleet = await runFleet(scenario, first, trials, hooks, MAP_OF_HOST)
  const rounds = [policies.map((ref, i) => compared(scenario, fleet, ref, fleet.trials[i]))]
  for (const another of otherSeeds(scenario, seeds)) {
    const again = await runFleet(another, await traceFor(another), base, hooks)
    rounds.push(policies.map((ref, i) => compared(another, again, ref, again.trials[i])))
  }
  const shown = onFront(rounds[0]).map((policy, i) =>
    withRange(
      policy,
      rounds.map((round) => round[i]),
    ),
  )
  const against = versus ?? shown[0].name
  const best = bestOther(shown, against)
  return {
    schema: 'rmpopt.compare/1',
    command,
    ...setting(scenario, first, fleet),
    seed: scenario.seed,
    seeds: seeds - 1,
    versus: against,
    ...(best === undefined ? {} : { best }),
    policies: shown,
    ideal: idealOf(fleet),
    blockedRegions: blockedRegions(scenario, fleet),
    map: mapOf(fleet, shown, [against, best]),
    assumptions: assumptions(scenario),
    ...(sweep ? { sensitivity: sensitivityOf(fleet, shown, against) } : {}),
  }
}

function otherSeeds(scenario: Scenario, seeds: number): Scenario[] {
  return Array.from({ length: seeds - 1 }, (_, i) => ({
    ...scenario,
    seed: scenario.seed + i + 1,
    generate: { ...scenario.generate, seed: scenario.generate.seed + i + 1 },
  }))
}

function compared(scenario: Scenario, fleet: FleetOutcome, ref: PolicyRef, outcome: FleetPolicy): ComparedPolicy {
  const { name, summary, when, what, who } = policyFor(ref)
  const { passes, bins, delaysNs } = outcome
  const { plan } = fleet
  const { sockets, coresPerSocket, threadsPerCore } = scenario.host
  const coverageMean = meanOf(bins, 'coverage')
  const idealMean = meanOf(bins, 'ideal')
  return {
    name,
    summary,
    when,
    what,
    who,
    coverageMean,
    shareOfIdeal: idealMean === 0 ? 0 : coverageMean / idealMean,
    coverageLost: Math.max(0, idealMean - coverageMean),
    checksSkipped: meanOf(bins, 'skipped'),
    checksSkippedLocal: meanOf(bins, 'skippedLocal'),
    passes: passes.count,
    cpuNs: passes.cpuNs,
    cpuShare: passes.cpuNs / (plan.endNs * plan.hosts * sockets * coresPerSocket * threadsPerCore),
    wallNsMean: passes.count === 0 ? 0 : passes.wallNsSum / passes.count,
    stallNsMax: passes.stallNsMax,
    ipis: passes.ipis,
    rmpopts: outcome.rmpopts,
    delayNs: {
      p50: quantileIfAny(delaysNs, 0.5),
      p99: quantileIfAny(delaysNs, 0.99),
      max: delaysNs.at(-1) ?? null,
      count: delaysNs.length,
      neverCount: outcome.neverCount,
    },
    delayHistogram: histogram(delaysNs),
    keptBytes: outcome.keptBytes,
    timeline: timelineOf(fleet, outcome).map(({ endNs, coverage, checksSkipped }) => ({ endNs, coverage, checksSkipped })),
    isOnFront: false,
    isBound: name === 'none' || name === 'ideal',
  }
}

/** Classes of delays: 1, 2, 5 times every power of ten from 10 µs to ten days, ns. */
const CLASSES_NS: readonly Ns[] = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((m) => m * 10 ** (power + 4))).flat()

function histogram(sorted: Float64Array): ComparedPolicy['delayHistogram'] {
  const counts = CLASSES_NS.map(() => 0)
  let at = 0
  for (const ns of sorted) {
    while (ns > CLASSES_NS[at] && at < CLASSES_NS.length - 1) at++
    counts[at]++
  }
  return counts.map((count, i) => ({ upToNs: CLASSES_NS[i], count }))
}

function idealOf(fleet: FleetOutcome): CompareResult['ideal'] {
  const [any] = fleet.trials
  return {
    coverageMean: meanOf(any.bins, 'ideal'),
    timeline: timelineOf(fleet, any).map(({ endNs, ideal }) => ({ endNs, coverage: ideal })),
  }
}

function mapOf(
  fleet: FleetOutcome,
  policies: readonly ComparedPolicy[],
  shown: readonly (string | undefined)[],
): CompareResult['map'] {
  return {
    hostIndex: MAP_OF_HOST,
    regionBytes: fleet.plan.regionBytes,
    atNs: mapMoments(fleet.plan.endNs),
    policies: policies.flatMap(({ name }, i) => (shown.includes(name) ? [{ policy: name, rows: fleet.trials[i].map }] : [])),
  }
}

const FIGURES: { readonly [Figure in ComparedFigure]: (policy: ComparedPolicy) => number | null } = {
  coverageMean: ({ coverageMean }) => coverageMean,
  coverageLost: ({ coverageLost }) => coverageLost,
  checksSkipped: ({ checksSkipped }) => checksSkipped,
  cpuNs: ({ cpuNs }) => cpuNs,
  stallNsMax: ({ stallNsMax }) => stallNsMax,
  ipis: ({ ipis }) => ipis,
  delayP50Ns: ({ delayNs }) => delayNs.p50,
  delayP99Ns: ({ delayNs }) => delayNs.p99,
}

function withRange(policy: ComparedPolicy, rounds: readonly ComparedPolicy[]): ComparedPolicy {
  if (rounds.length === 1) return policy
  const ranges = Object.entries(FIGURES).flatMap(([figure, of]) => {
    const values = rounds.map(of).filter((value) => value !== null)
    return values.length === 0 ? [] : [[figure, [Math.min(...values), Math.max(...values)]] as const]
  })
  return { ...policy, range: Object.fromEntries(ranges) as ComparedPolicy['range'] }
}
