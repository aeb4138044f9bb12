import type { Ns } from '../arch/index.ts'
import type { Assumption } from '../machine/index.ts'
import type { RunResult } from './result.ts'

/** What `compare` answers: policies side by side, on the same hosts, VMs and seed. Times in nanoseconds, fractions 0..1. */
export interface CompareResult {
  readonly schema: 'rmpopt.compare/1'
  /** The command line that makes this result again. */
  readonly command: string
  readonly host: RunResult['host']
  readonly hosts: number
  readonly simulatedNs: Ns
  readonly trace: string
  readonly placement: string
  readonly backing: string
  readonly snpShare: number
  readonly vms: RunResult['vms']
  /** First seed, and how many further ones the intervals come from. */
  readonly seed: number
  readonly seeds: number
  /** The policy that the others are held against. */
  readonly versus: string
  /** The other policy that does best against it, if there is another: one that beats it in every figure, else one on the front. */
  readonly best?: string
  readonly policies: readonly ComparedPolicy[]
  /** Every eligible region optimised at once: mean, and for each part of the time. */
  readonly ideal: {
    readonly coverageMean: number
    readonly timeline: readonly { readonly endNs: Ns; readonly coverage: number }[]
  }
  /** What is blocked, whatever the policy. */
  readonly blockedRegions: RunResult['blockedRegions']
  /** One host, region by region, under each policy. */
  readonly map: RegionTimeMap
  readonly assumptions: readonly { readonly area: string; readonly assumptions: readonly Assumption[] }[]
  /** Present when assumed parameters were swept over their ranges. */
  readonly sensitivity?: Sensitivity
}

/** One policy and what it brought and cost, all hosts together. */
export interface ComparedPolicy {
  readonly name: string
  /** One sentence. */
  readonly summary: string
  readonly when: string
  readonly what: string
  readonly who: string
  readonly coverageMean: number
  /** `coverageMean` as a share of what is possible. */
  readonly shareOfIdeal: number
  /** What is possible less `coverageMean`. */
  readonly coverageLost: number
  readonly checksSkipped: number
  /** The same if every core writes to memory of its own socket only. */
  readonly checksSkippedLocal: number
  readonly passes: number
  /** CPU time of all CPUs spent on RMPOPT, and as a share of all CPU time. */
  readonly cpuNs: Ns
  readonly cpuShare: number
  readonly wallNsMean: Ns
  /** Longest time one CPU was kept from its other work at a stretch. */
  readonly stallNsMax: Ns
  readonly ipis: number
  readonly rmpopts: number
  /** From a region becoming eligible to it being optimised on the last core; `null`: no region was. */
  readonly delayNs: {
    readonly p50: Ns | null
    readonly p99: Ns | null
    readonly max: Ns | null
    readonly count: number
    readonly neverCount: number
  }
  /** How many delays lie in each class: up to `upToNs`, above the class before. Classes are the same for all policies. */
  readonly delayHistogram: readonly { readonly upToNs: Ns; readonly count: number }[]
  /** Memory that the kernel keeps for it, bytes. */
  readonly keptBytes: number
  readonly timeline: readonly { readonly endNs: Ns; readonly coverage: number; readonly checksSkipped: number }[]
  /** No other policy here is at least as good in coverage lost, CPU time, worst interruption and memory kept, and better in one. */
  readonly isOnFront: boolean
  /** A bound, not a policy: `ideal`, `none`. */
  readonly isBound: boolean
  /** With several seeds: least and most of each figure. */
  readonly range?: { readonly [Figure in ComparedFigure]?: readonly [least: number, most: number] }
}

export type ComparedFigure =
  | 'coverageMean'
  | 'coverageLost'
  | 'checksSkipped'
  | 'cpuNs'
  | 'stallNsMax'
  | 'ipis'
  | 'delayP50Ns'
  | 'delayP99Ns'

/** What became of each region of one host over time. */
export interface RegionTimeMap {
  /** Number of the host in the fleet, from 0. */
  readonly hostIndex: number
  readonly regionBytes: number
  /** Moments at which it was looked at. */
  readonly atNs: readonly Ns[]
  /**
   * Of each policy, for each moment, one character a region, lowest first: `#` holds assigned pages, `o` eligible and not optimised,
   * `+` optimised on some cores, `*` optimised on all, `-` out of reach, or no memory.
   */
  readonly policies: readonly { readonly policy: string; readonly rows: readonly string[] }[]
}

/** What the answer owes to what nobody has measured. */
export interface Sensitivity {
  readonly cases: readonly {
    readonly parameter: string
    readonly unit: string
    readonly low: number
    readonly value: number
    readonly high: number
    readonly policies: readonly {
      readonly policy: string
      readonly coverageLost: readonly [atLow: number, atHigh: number]
      readonly cpuNs: readonly [atLow: number, atHigh: number]
      readonly stallNsMax: readonly [atLow: number, atHigh: number]
    }[]
  }[]
  /** Sentences such as "v9 costs less CPU time than v10", and whether each holds over all ranges. */
  readonly conclusions: readonly { readonly sentence: string; readonly survives: boolean; readonly failsAt: readonly string[] }[]
}
