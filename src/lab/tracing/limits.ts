import { MS } from '../../arch/index.ts'

/** What a trace of a host shows at most, so that a viewer can open it: some 45 MB in the worst case. */
export const LIMITS = {
  /** Passes; at the next one a trace ends. */
  passes: 15_000,
  /** Passes of which every RMPOPT is shown: the first ones, on the first `detailedCpus` CPUs, of the first `detailedRegions` regions. */
  detailedPasses: 1,
  detailedCpus: 32,
  detailedRegions: 64,
  /** Slices that sum up what the interrupts of a pass took from a CPU: each pass gets as many, for its lowest CPUs. */
  summaries: 60_000,
  /** Bursts of conversions, moments of requests, guests of both kinds: the first ones. */
  conversions: 30_000,
  requests: 15_000,
  guests: 10_000,
  /** Values of a counter: at first no more than one in `counterStepNs`, and coarser the longer the trace. */
  counterValues: 20_000,
  counterStepNs: 1 * MS,
} as const
