import type { Ns } from '../arch/index.ts'

/** Times that a change of the costs, or of the seed, is held against. */
export interface PassTimes {
  readonly wallNs: Ns
  /** The leader's own way over all regions; 0 where there is none. */
  readonly leaderNs: Ns
  readonly followersNs: Ns
  /** Longest time one CPU was kept from its other work by one interruption: a handler, an RMPOPT, or a broadcast that it waited for. */
  readonly stallNsMax: Ns
}

/** One pass. */
export interface PassResult extends PassTimes {
  /** CPU time of all CPUs together: RMPOPT, interrupts, and waiting for others. */
  readonly cpuNs: Ns
  /** Busy time of the CPUs that take part. */
  readonly perCpuBusyNs: { readonly p50: Ns; readonly p99: Ns; readonly max: Ns }
  readonly busyHistogram: readonly { readonly fromNs: Ns; readonly toNs: Ns; readonly cpus: number }[]
  readonly ipis: number
  readonly rmpopts: number
  /** Regions that the pass goes over, and those optimised on every core at its end. */
  readonly regions: number
  readonly optimised: number
  /** CPUs that take part. */
  readonly participants: number
}

/** A pass with one assumed cost at an end of its range. */
export interface PassAtEnd extends PassTimes {
  /** How well the measurements can still be said, the other costs fitted anew: largest error of a row, as a share. */
  readonly residualMax: number
}

/** A pass with one assumed cost at either end of its range. */
export interface SensitivityRow {
  readonly name: string
  readonly unit: 'ns' | 'share'
  readonly value: number
  readonly low: number
  readonly high: number
  readonly why: string
  readonly atLow: PassAtEnd
  readonly atHigh: PassAtEnd
}

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** What `rmpopt scan` finds. */
export interface ScanResult extends PassResult {
  readonly schema: 'rmpopt.scan/1'
  readonly host: { readonly name: string; readonly memoryBytes: number; readonly cores: number; readonly logicalCpus: number }
  readonly options: {
    readonly state: string
    readonly guestBytes: readonly number[]
    readonly backing: string
    readonly placement: string
    readonly loop: string
    readonly threads: string
    readonly again: number
    readonly seed: number
  }
  /** Regions with an assigned page: kept by the RMP itself and firmware; all of them. */
  readonly platformRegions: number
  readonly assignedRegions: number
  /** The same pass once more, and again: it finds what the one before has left. */
  readonly again: readonly PassResult[]
  /** `null`: not asked for. */
  readonly sensitivity: readonly SensitivityRow[] | null
  readonly seeds: ({ readonly count: number; readonly optimised: Spread } & { readonly [Time in keyof PassTimes]: Spread }) | null
}
