import type { Ns } from '../arch/index.ts'

/** What `run` answers: the document behind `rmpopt run --json`. Times in nanoseconds, fractions 0..1. */
export interface RunResult {
  readonly schema: 'rmpopt.run/1'
  readonly policy: string
  readonly seed: number
  readonly host: { readonly name: string; readonly memoryBytes: number; readonly cores: number; readonly logicalCpus: number }
  readonly hosts: number
  readonly simulatedNs: Ns
  readonly trace: string
  readonly placement: string
  readonly backing: string
  readonly snpShare: number
  readonly vms: {
    /** Created before the end of the run. */
    readonly requested: number
    readonly placed: number
    /** No host had room. */
    readonly rejected: number
    /** Placed ones that are SNP guests. */
    readonly snp: number
    /** Placed ones that never started: they ended while their host booted or before there was memory, or found no ASID. */
    readonly failed: number
    /** Rows of the trace that were left out as bad. */
    readonly skippedRows: number
  }
  /** Means over time and hosts, from SNP enable on; `final`: at the end, mean over hosts. */
  readonly coverage: { readonly mean: number; readonly final: number; readonly idealMean: number }
  /** Coverage weighted by where hypervisor and ordinary guests write. */
  readonly checksSkipped: number
  /** The same if every core writes to memory of its own socket only. */
  readonly checksSkippedLocal: number
  readonly passes: {
    readonly count: number
    /** CPU time of all CPUs together. */
    readonly cpuNs: Ns
    readonly wallNsMean: Ns
    readonly wallNsMax: Ns
    /** Longest time one CPU was kept from its other work by one interruption. */
    readonly stallNsMax: Ns
    readonly ipis: number
  }
  /** From a region becoming eligible again to it being optimised on the last core. `null`: no region was. */
  readonly reoptimiseDelayNs: {
    readonly p50: Ns | null
    readonly p99: Ns | null
    readonly max: Ns | null
    readonly count: number
    /** Regions that were assigned again, or the run ended, before they were optimised. */
    readonly neverCount: number
  }
  readonly rmpupdates: {
    readonly count: number
    /** Of them (and of PSMASHes) those that took a region's optimisation away. */
    readonly clears: number
  }
  /** Instructions, interrupts, firmware commands and timers. */
  readonly events: number
  /** What stands in the way of a host: regions (GiB) that cannot be optimised, mean over hosts and time. */
  readonly blockedRegions: {
    /** By at most 16, at most 512, at most 32 768 (128 MiB), and more assigned pages. */
    readonly upTo16Pages: number
    readonly upTo512Pages: number
    readonly upTo32768Pages: number
    readonly more: number
    /** Of them: by nothing but RMP and firmware; by nothing but guests' context and VMSA pages besides. */
    readonly byPlatformOnly: number
    readonly byKernelPagesOnly: number
    /** Regions with RAM that lie beyond the reach of a table, blocked or not; 0 on a host that cannot use RMPOPT. */
    readonly beyondReach: number
  }
  /** Seconds that VMs waited because memory meant for them was still being returned, all together. */
  readonly memoryWaitSeconds: number
  /** Equal parts of the simulated time, in order. */
  readonly timeline: readonly {
    readonly endNs: Ns
    readonly coverage: number
    readonly ideal: number
    readonly checksSkipped: number
  }[]
}
