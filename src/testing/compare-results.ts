/** Comparisons that nobody ran, with figures as they might be: for what shows them. */

import type { ComparedFigure, ComparedPolicy, CompareResult, RegionTimeMap, Sensitivity } from '../lab/index.ts'
import { bestOther, onFront } from '../lab/pareto.ts'

export interface Invented {
  /** Policies by name; unknown names get figures of their own. */
  readonly policies?: readonly string[]
  readonly versus?: string
  readonly regions?: number
  readonly moments?: number
  /** Further seeds: figures get a range. */
  readonly seeds?: number
  readonly isSwept?: boolean
}

/** The revisions, the bounds, and two policies of which one is better than v10 in every respect. */
export const INVENTED_POLICIES = [
  ...['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9', 'v10'],
  ...['dirty-regions', 'per-conversion', 'none', 'ideal'],
]

export function inventedComparison(invented: Invented = {}): CompareResult {
  const { policies = INVENTED_POLICIES, versus = 'v10', regions = 256, moments = 60, seeds = 0, isSwept = false } = invented
  const ideal = Array.from({ length: moments }, (_, at) => ({
    endNs: ((at + 1) / moments) * SIMULATED_NS,
    coverage: 0.995 - 0.17 * (at / moments) - 0.006 * Math.sin(at / 3),
  }))
  const idealMean = ideal.reduce((sum, { coverage }) => sum + coverage, 0) / Math.max(1, moments)
  const compared = policies.map((name, index) => comparedPolicy(name, index, ideal, idealMean, seeds))
  return judged({
    schema: 'rmpopt.compare/1',
    command: `rmpopt compare --policies ${policies.join(',')} --versus ${versus} --hosts 4 --seed 1`,
    host: { name: 'venice-2s', memoryBytes: 2 ** 41, cores: 512, logicalCpus: 1024 },
    hosts: 4,
    simulatedNs: SIMULATED_NS,
    trace: 'generated (seed 1, 12000 VMs, 259200 s)',
    placement: 'buddy',
    backing: '2m',
    snpShare: 0.2,
    vms: { requested: 12_000, placed: 11_990, rejected: 10, snp: 2760, failed: 7, skippedRows: 0 },
    seed: 1,
    seeds,
    versus,
    policies: compared,
    ideal: { coverageMean: idealMean, timeline: ideal },
    blockedRegions: {
      upTo16Pages: 1,
      upTo512Pages: 13.8,
      upTo32768Pages: 56.1,
      more: 143.9,
      byPlatformOnly: 10.8,
      byKernelPagesOnly: 0.14,
      beyondReach: 2,
    },
    map: regionTimeMap(policies, regions, moments),
    assumptions: ASSUMPTIONS,
    ...(isSwept ? { sensitivity: sensitivity(compared) } : {}),
  })
}

/** The front, and the best other, as the lab would say. */
export function judged(result: CompareResult): CompareResult {
  const policies = onFront(result.policies)
  return { ...result, policies, best: bestOther(policies, result.versus) }
}

const SIMULATED_NS = 3 * 86_400e9

/** Coverage lost, CPU ns, worst interruption ns, IPIs, median and p99 delay ns, kept bytes. */
const FIGURES: Record<string, readonly number[]> = {
  v1: [0.42, 51e9, 182e3, 1.04e6, 0, 0, 0],
  v2: [0.00031, 210e12, 182e3, 4.2e9, 1.9e9, 44e9, 64],
  v3: [0.00044, 61e12, 128e3, 1.6e9, 9.4e9, 71e9, 256],
  v4: [0.00044, 61e12, 128e3, 1.6e9, 9.4e9, 71e9, 256],
  v5: [0.00041, 61.3e12, 128e3, 1.6e9, 9.1e9, 70e9, 256],
  v6: [0.00041, 61.2e12, 131e3, 1.6e9, 9.1e9, 70e9, 320],
  v7: [0.00041, 61.2e12, 131e3, 1.6e9, 9.1e9, 70e9, 320],
  v8: [0.000096, 56.4e12, 135e3, 1.53e9, 10.1e9, 164e9, 320],
  v9: [0.0001, 56.2e12, 135e3, 1.53e9, 10.1e9, 164e9, 320],
  v10: [0.0001, 56.2e12, 135e3, 1.53e9, 10.1e9, 164e9, 320],
  'dirty-regions': [0.000021, 2.1e12, 41e3, 31e6, 1.1e9, 9.8e9, 256],
  'per-conversion': [0.0000042, 390e12, 139e3, 7.9e9, 1.01e9, 3.1e9, 512],
  none: [1, 0, 0, 0, 0, 0, 0],
  ideal: [0, 0, 0, 0, 0, 0, 0],
}

function comparedPolicy(
  name: string,
  index: number,
  ideal: CompareResult['ideal']['timeline'],
  idealMean: number,
  seeds: number,
): ComparedPolicy {
  const own = FIGURES[name] ?? [
    1e-5 * 1.7 ** (index % 9),
    1e12 * 2.3 ** (index % 7),
    30e3 + 9e3 * index,
    1e7 * index,
    1e9,
    9e9,
    64 * index,
  ]
  const [lost, cpuNs, stallNsMax, ipis, p50, p99, keptBytes] = own
  const coverageLost = lost * idealMean
  const isBound = name === 'ideal' || name === 'none'
  const hasDelays = p50 > 0
  const policy = {
    name,
    summary: `${name}: what it does, in one sentence`,
    when: isBound ? '' : '10 s after the last guest ended',
    what: isBound ? '' : 'all memory',
    who: isBound ? '' : 'one leader, all others follow',
    coverageMean: idealMean - coverageLost,
    shareOfIdeal: 1 - lost,
    coverageLost,
    checksSkipped: (idealMean - coverageLost) * 0.98,
    checksSkippedLocal: (idealMean - coverageLost) * 0.98,
    passes: Math.round(cpuNs / 38.4e9),
    cpuNs,
    cpuShare: cpuNs / (SIMULATED_NS * 4 * 1024),
    wallNsMean: isBound ? 0 : 241e6,
    stallNsMax,
    ipis,
    rmpopts: ipis,
    delayNs: {
      ...(hasDelays ? { p50, p99, max: p99 * 2 } : { p50: null, p99: null, max: null }),
      count: hasDelays ? 15_000 : 0,
      neverCount: name === 'ideal' ? 0 : hasDelays ? 32 + 40 * (index % 4) : 15_032,
    },
    delayHistogram: histogram(hasDelays ? p50 : 0, p99),
    keptBytes,
    timeline: ideal.map(({ endNs, coverage }, at) => ({
      endNs,
      coverage: coverage * (1 - lost * (1 + (lost > 0.1 ? 0.2 * (1 - lost) : 0.9) * Math.sin(at / 4 + index))),
      checksSkipped: coverage * (1 - lost) * 0.98,
    })),
    isOnFront: false,
    isBound,
  }
  return seeds === 0 ? policy : { ...policy, range: ranges(policy) }
}

/** Classes of a third of a decade, from 1 ms to three hours; delays spread evenly in logarithms around the median. */
function histogram(p50: number, p99: number): { upToNs: number; count: number }[] {
  const spread = Math.log10(p99 / p50) / 2.33
  return Array.from({ length: 22 }, (_, at) => {
    const upToNs = 1e6 * 10 ** (at / 3)
    const part = (ns: number) => 1 / (1 + Math.exp((-1.7 * Math.log10(ns / p50)) / spread))
    const count = p50 === 0 ? 0 : Math.round(15_000 * (part(upToNs) - (at === 0 ? 0 : part(upToNs / 10 ** (1 / 3)))))
    return { upToNs, count }
  })
}

function ranges(policy: ComparedPolicy): NonNullable<ComparedPolicy['range']> {
  const around = (value: number): [number, number] => [value * 0.94, value * 1.07]
  const figures: Record<ComparedFigure, number> = {
    ...policy,
    delayP50Ns: policy.delayNs.p50 ?? 0,
    delayP99Ns: policy.delayNs.p99 ?? 0,
  }
  const { coverageMean, coverageLost, checksSkipped, cpuNs, stallNsMax, ipis, delayP50Ns, delayP99Ns } = figures
  return {
    coverageMean: [coverageMean - 0.01, coverageMean + 0.008],
    coverageLost: around(coverageLost),
    checksSkipped: [checksSkipped - 0.01, checksSkipped + 0.009],
    cpuNs: around(cpuNs),
    stallNsMax: around(stallNsMax),
    ipis: around(ipis),
    delayP50Ns: around(delayP50Ns),
    delayP99Ns: around(delayP99Ns),
  }
}

/** Guests come and go in blocks of regions; what they leave waits a moment, under lazier policies longer. */
function regionTimeMap(policies: readonly string[], regions: number, moments: number): RegionTimeMap {
  const atNs = Array.from({ length: moments }, (_, at) => ((at + 0.5) / moments) * SIMULATED_NS)
  return {
    hostIndex: 0,
    regionBytes: 2 ** 30,
    atNs,
    policies: policies.map((policy) => {
      const laziness = Math.min(40, Math.round(10 * ((FIGURES[policy]?.[0] ?? 0.0001) * 1e4) ** 0.4))
      return {
        policy,
        rows: atNs.map((_, at) => Array.from({ length: regions }, (_, region) => stateAt(region, at, laziness)).join('')),
      }
    }),
  }
}

function stateAt(region: number, at: number, laziness: number): string {
  if (region < 2 || region % 512 === 3) return '#'
  const block = Math.floor(region / 6)
  const period = 17 + (mixed(block) % 31)
  const phase = (at + (mixed(block + 7) % 97)) % period
  const heldFor = mixed(block + 13) % 5 === 0 ? Math.floor(period / 2) : 0
  if (phase < heldFor && mixed(region) % 3 > 0) return '#'
  const sinceFreed = (phase - heldFor) * 10 + (mixed(region + 3) % 10)
  if (heldFor > 0 && sinceFreed >= 0 && sinceFreed < laziness) return mixed(region + at) % 9 === 0 ? '+' : 'o'
  return '*'
}

function mixed(value: number): number {
  let mix = Math.imul(value + 1, 0x9e3779b1) >>> 0
  mix = Math.imul(mix ^ (mix >>> 15), 0x85ebca6b) >>> 0
  return (mix ^ (mix >>> 13)) >>> 0
}

const ASSUMPTIONS: CompareResult['assumptions'] = [
  {
    area: 'machine',
    assumptions: [
      { name: 'outOfReach', value: 'report-0', why: 'outside the table nothing can be said', source: '[A] §6.7', option: true },
      { name: 'failed-result', value: 'not cached', why: 'nothing to find', source: '[A] §6.11', option: false },
    ],
  },
  {
    area: 'costs',
    assumptions: [
      { name: 'ipiNs', value: '46 µs', why: 'read off the second pass of the v2 review', source: '[L v2]', option: true },
    ],
  },
]

const PARAMETERS: readonly [name: string, unit: string, low: number, value: number, high: number, effect: number][] = [
  ['ipiNs', 'ns', 20_000, 46_000, 90_000, 1],
  ['scanNs', 'ns', 50_000, 105_000, 200_000, 0.4],
  ['followerNs', 'ns', 1000, 1650, 2600, 0.2],
  ['guest.teardown', 'GiB/s', 1, 4, 16, -0.1],
  ['hostReservedShare', '', 0.01, 0.02, 0.05, 0.03],
]

function sensitivity(policies: readonly ComparedPolicy[]): Sensitivity {
  const swept = policies.filter(({ isBound }) => !isBound)
  return {
    cases: PARAMETERS.map(([parameter, unit, low, value, high, effect]) => ({
      ...{ parameter, unit, low, value, high },
      policies: swept.map(({ name, coverageLost, cpuNs, stallNsMax }) => {
        const ends = (figure: number, by: number): [number, number] => [
          figure * (low / value) ** by,
          figure * (high / value) ** by,
        ]
        return {
          policy: name,
          coverageLost: ends(coverageLost, effect / 3),
          cpuNs: ends(cpuNs, effect),
          stallNsMax: ends(stallNsMax, effect),
        }
      }),
    })),
    conclusions: [
      { sentence: 'dirty-regions costs less CPU time than v10', survives: true, failsAt: [] },
      {
        sentence: 'v10 loses less coverage than v3',
        survives: false,
        failsAt: ['ipiNs = 90 000 ns', 'guest.teardown = 1 GiB/s'],
      },
    ],
  }
}
