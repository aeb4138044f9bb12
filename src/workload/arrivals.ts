import { ARRIVAL_STEP_S, DAY_S } from './model.ts'

/** Arrivals of each step of 300 s, from 0 to the end of the step of the last one. */
export function arrivalsPerStep(createdS: ArrayLike<number>, steps: number): Float64Array {
  const counts = new Float64Array(steps)
  for (let i = 0; i < createdS.length; i++) counts[Math.floor(createdS[i] / ARRIVAL_STEP_S)]++
  return counts
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** Mean product of deviations of values `lag` apart; 0 apart: the variance. */
export function autocovariance(values: Float64Array, lag: number): number {
  const centre = mean(values)
  let sum = 0
  for (let i = 0; i + lag < values.length; i++) sum += (values[i] - centre) * (values[i + lag] - centre)
  return sum / (values.length - lag)
}

/** Variance of the counts over their mean: 1 when arrivals are independent of each other (Poisson). */
export function dispersion(counts: Float64Array): number {
  return autocovariance(counts, 0) / mean(counts)
}

/**
 * The daily wave that fits counts best, relative to their mean. Only whole days are looked at; none: no wave.
 */
export function dailyWave(counts: Float64Array): { amplitude: number; peakS: number } {
  const stepsPerDay = DAY_S / ARRIVAL_STEP_S
  const steps = Math.floor(counts.length / stepsPerDay) * stepsPerDay
  let [cos, sin, sum] = [0, 0, 0]
  for (let step = 0; step < steps; step++) {
    const angle = (2 * Math.PI * step) / stepsPerDay
    cos += counts[step] * Math.cos(angle)
    sin += counts[step] * Math.sin(angle)
    sum += counts[step]
  }
  if (sum === 0) return { amplitude: 0, peakS: 0 }
  const peak = Math.atan2(sin, cos) / (2 * Math.PI)
  return { amplitude: Math.min(1, (2 * Math.hypot(cos, sin)) / sum), peakS: (peak < 0 ? peak + 1 : peak) * DAY_S }
}
