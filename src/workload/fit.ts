import { GIB } from '../arch/index.ts'
import { arrivalsPerStep, autocovariance, dailyWave, mean } from './arrivals.ts'
import { vmsByBatch } from './batch-list.ts'
import {
  ARRIVAL_STEP_S,
  type BatchKind,
  DAY_S,
  type Flavour,
  LIFETIME_STEPS,
  type Lifetimes,
  type Rhythm,
  type Spread,
  type TraceModel,
} from './model.ts'
import { groupByFlavour, observationEndS, survivalOfVms } from './observe.ts'
import type { Trace } from './trace.ts'

/**
 * Measures what `generateTrace` needs to make traces like this one: the model of a trace of your own, or, of the trace that
 * docs/workload.md names, `AZURE_V1`.
 *
 * @param trace a day or more for a daily wave; some thousand VMs or more for the rest
 */
export function fitModel(trace: Trace): TraceModel {
  const endS = observationEndS(trace)
  const batches = vmsByBatch(trace)
  const byKind = SIZE_LIMITS.map((limit, k) => {
    const least = k === 0 ? 1 : SIZE_LIMITS[k - 1] + 1
    return batches.filter((vms) => vms.length >= least && vms.length <= limit)
  })
  return {
    vms: trace.count,
    durationS: endS,
    kinds: byKind.filter((kind) => kind.length > 0).map((kind) => fitKind(trace, kind, batches.length, endS)),
  }
}

/** Most VMs in a batch of each kind. */
const SIZE_LIMITS = [1, 8, 128, Number.POSITIVE_INFINITY]
/** Steps of probability between the sizes that a model lists. */
const SIZE_STEPS = 20
/** A flavour needs this many VMs to have lifetimes of its own. */
const OWN_LIFETIMES_MIN = 150
/** A flavour with a smaller share of its kind is left out. */
const FLAVOUR_SHARE_MIN = 0.0005

function fitKind(trace: Trace, batches: readonly Int32Array[], batchesOfAll: number, endS: number): BatchKind {
  const vms = batches.flatMap((batch) => [...batch])
  const sizes = batches.map((batch) => batch.length).sort((a, b) => a - b)
  const flavours = fitFlavours(trace, vms, endS)
  return {
    share: round(batches.length / batchesOfAll),
    sizes: Array.from({ length: SIZE_STEPS + 1 }, (_, i) => sizes[Math.round((i / SIZE_STEPS) * (sizes.length - 1))]),
    rhythm: fitRhythm(trace, batches, endS),
    ...fitMixing(trace, batches, flavours),
    spread: fitSpread(trace, batches, vms, endS),
    lifetimes: fitLifetimes(trace, vms, endS),
    flavours,
  }
}

function fitFlavours(trace: Trace, vms: readonly number[], endS: number): Flavour[] {
  const kept = groupByFlavour(trace, vms).filter((group) => group.length >= FLAVOUR_SHARE_MIN * vms.length)
  const total = kept.reduce((sum, group) => sum + group.length, 0)
  return kept
    .sort((a, b) => b.length - a.length)
    .map((group) => ({
      vcpus: trace.vcpus[group[0]],
      memoryGib: trace.memoryBytes[group[0]] / GIB,
      share: round(group.length / total),
      ...(group.length >= OWN_LIFETIMES_MIN && { lifetimes: fitLifetimes(trace, group, endS) }),
    }))
}

function fitLifetimes(trace: Trace, vms: readonly number[], endS: number): Lifetimes {
  const survival = survivalOfVms(trace, Uint32Array.from(vms), endS)
  const seenS = SEEN * endS
  const steps = LIFETIME_STEPS.map((probability) => survival.quantile(probability) ?? Number.POSITIVE_INFINITY)
  const unseen = steps.findIndex((timeS) => timeS > seenS)
  const stepsS = (unseen < 0 ? steps : steps.slice(0, Math.max(1, unseen))).map((timeS) => Math.max(1, Math.round(timeS)))
  const tailS = Math.min(stepsS[stepsS.length - 1], seenS / 2)
  const fall = Math.log((1 - survival.rank(tailS)) / (1 - survival.rank(seenS))) / Math.log(seenS / tailS)
  return { stepsS, tail: round(Math.min(TAIL_MAX, Math.max(TAIL_MIN, fall))) }
}

/** Part of the observed time up to which lifetimes count as seen: enough VMs arrived early enough. */
const SEEN = 2 / 3
/** Of a sample in which nobody, or everybody, ends late. */
const [TAIL_MIN, TAIL_MAX] = [0.05, 5]

/**
 * What the counts of steps vary beyond the daily wave and chance (Poisson) is the surge, and it lasts for some steps; what a step
 * shares with the next one only is the echo.
 */
function fitRhythm(trace: Trace, batches: readonly Int32Array[], endS: number): Rhythm {
  const createdS = batches.map((vms) => trace.createdS[vms[0]])
  const counts = arrivalsPerStep(createdS, Math.round(endS / ARRIVAL_STEP_S))
  const { amplitude, peakS } = dailyWave(counts)
  const wave = counts.map((_, step) => 1 + amplitude * Math.cos((2 * Math.PI * (step * ARRIVAL_STEP_S - peakS)) / DAY_S))
  const level = mean(counts) / mean(wave)
  const rest = counts.map((count, step) => count / (level * wave[step]))
  const shared = (lag: number) => Math.max(0, autocovariance(rest, lag))
  const echoed = Math.min(ECHO_MAX, Math.max(0, shared(1) - shared(2)) * level)
  let lag = 2
  while (lag < counts.length / 4 && shared(lag + 1) > shared(2) / Math.E) lag++
  const surge = Math.sqrt(Math.log(1 + shared(2) * Math.exp(2 / lag)))
  return {
    amplitude: round(amplitude),
    peakS: Math.round(peakS),
    surge: round(surge),
    surgeS: lag * ARRIVAL_STEP_S,
    echo: round(echoed / (1 - echoed)),
  }
}

/** Share of batches that are echoes: at most every other one. */
const ECHO_MAX = 0.5

/** How many batches have several flavours, and how much these batches keep to one. */
function fitMixing(
  trace: Trace,
  batches: readonly Int32Array[],
  flavours: readonly Flavour[],
): Pick<BatchKind, 'mixedShare' | 'loyalty'> {
  let [mixed, pairs, same] = [0, 0, 0]
  for (const vms of batches) {
    const counts = groupByFlavour(trace, vms).map((group) => group.length)
    if (counts.length === 1) continue
    mixed++
    pairs += 1
    same += counts.reduce((sum, count) => sum + count * (count - 1), 0) / (vms.length * (vms.length - 1))
  }
  const chance = flavours.reduce((sum, { share }) => sum + share * share, 0)
  const beyondChance = pairs === 0 ? 1 : (same / pairs - chance) / (1 - chance)
  return { mixedShare: round(mixed / batches.length), loyalty: round(Math.sqrt(Math.max(0, beyondChance))) }
}

/**
 * Two VMs of a batch lie `distance` x |U1 - U2| x 2 apart, with U uniform in (0, 1). The logarithm of |U1 - U2| has mean -1.5 and
 * variance 1.25; what is seen beyond that is the distance's own.
 */
function fitSpread(trace: Trace, batches: readonly Int32Array[], vms: readonly number[], endS: number): Spread {
  const survival = survivalOfVms(trace, Uint32Array.from(vms), endS)
  const logs: number[] = []
  for (const batch of batches) {
    const half = batch.length >> 1
    for (let i = 0; i < half; i++) {
      const lifetimes = [batch[i], batch[i + half]].map((vm) => trace.deletedS[vm] - trace.createdS[vm])
      if (!lifetimes.every(Number.isFinite)) continue
      logs.push(Math.log(Math.max(APART_MIN, Math.abs(survival.rank(lifetimes[0]) - survival.rank(lifetimes[1])))))
    }
  }
  if (logs.length === 0) return { mean: 0, deviation: 0 }
  const variance = autocovariance(Float64Array.from(logs), 0)
  return { mean: round(mean(logs) - Math.LN2 + 1.5), deviation: round(Math.sqrt(Math.max(0, variance - 1.25))) }
}

/** Lifetimes are whole seconds: equal ones need not be equal. */
const APART_MIN = 1e-4

/** Four digits say all that a sample does. */
function round(value: number): number {
  return Number(value.toPrecision(4))
}
