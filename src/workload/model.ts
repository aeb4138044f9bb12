/** What `generateTrace` needs to know of a trace to make one like it. Measured from a real one by `fitModel`. */
export interface TraceModel {
  /** VMs of the trace modelled. */
  readonly vms: number
  /** How long they took to arrive, seconds. */
  readonly durationS: number
  readonly kinds: readonly BatchKind[]
}

/** Batches of about the same size: they differ in rhythm, flavours and lifetimes. */
export interface BatchKind {
  /** Share of all batches. */
  readonly share: number
  /** VMs of a batch: quantiles at even steps of probability, from the least to the most. */
  readonly sizes: readonly number[]
  readonly rhythm: Rhythm
  /** Share of batches that may have several flavours. */
  readonly mixedShare: number
  /** In such a batch, the share of VMs that have the batch's flavour for sure; the others draw their own. */
  readonly loyalty: number
  /** How far apart the lifetimes of a batch are; see `Spread`. */
  readonly spread: Spread
  /** Of flavours too rare to have their own. */
  readonly lifetimes: Lifetimes
  readonly flavours: readonly Flavour[]
}

/** When batches arrive. The intensity is a daily wave times a random, slowly changing, factor. */
export interface Rhythm {
  /** Of the daily wave: 0, none; 1, nothing arrives at the deepest point. */
  readonly amplitude: number
  /** Time of day of its peak, seconds from the start of the trace. */
  readonly peakS: number
  /** Standard deviation of the random factor's logarithm. */
  readonly surge: number
  /** Time in which the random factor forgets, seconds: its correlation falls by e. */
  readonly surgeS: number
  /** Probability that a batch is followed by another at the very next step: a job that starts in two parts. */
  readonly echo: number
}

/**
 * A batch has a place among all lifetimes, uniform in (0, 1), and its VMs lie evenly within a distance of it. That distance is
 * lognormal: most batches end nearly together, some are as mixed as the whole trace. A place beyond 0 or 1 is folded back, so the
 * places of all VMs are uniform again.
 */
export interface Spread {
  /** Mean of the distance's natural logarithm. */
  readonly mean: number
  /** Standard deviation of the same. */
  readonly deviation: number
}

export interface Flavour {
  readonly vcpus: number
  readonly memoryGib: number
  /** Share of the kind's VMs. */
  readonly share: number
  /** Default: the kind's. */
  readonly lifetimes?: Lifetimes
}

/** A distribution of lifetimes: quantiles as far as the trace shows them, then a power law. */
export interface Lifetimes {
  /** Quantiles at the first of `LIFETIME_STEPS`, seconds; at least one. */
  readonly stepsS: readonly number[]
  /** Beyond the last quantile, the share of VMs that outlive t falls as t to the power of minus this. */
  readonly tail: number
}

/** Probabilities at which a model lists lifetimes. */
export const LIFETIME_STEPS = [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.998]
/** Arrivals come at multiples of this, seconds: the resolution of the traces that Azure published. */
export const ARRIVAL_STEP_S = 300
export const DAY_S = 86_400
