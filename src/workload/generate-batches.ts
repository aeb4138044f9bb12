import { ARRIVAL_STEP_S, type BatchKind, DAY_S, type Rhythm, type TraceModel } from './model.ts'
import type { Random } from './random.ts'

export interface DrawnBatch {
  readonly kind: BatchKind
  readonly size: number
  readonly createdS: number
}

/** Batches in order of arrival, with `vms` VMs together: the last one drawn is cut to fit. */
export function drawBatches(model: TraceModel, vms: number, durationS: number, random: Random): DrawnBatch[] {
  const steps = Math.ceil(durationS / ARRIVAL_STEP_S)
  const arrivals = cumulatedIntensities(model, steps, random)
  const drawStep = model.kinds.map(({ rhythm }, number) => stepsWithEchoes(arrivals[number], rhythm.echo, random))
  const batches: DrawnBatch[] = []
  for (let left = vms; left > 0; ) {
    const number = drawKind(model, random)
    const kind = model.kinds[number]
    const size = Math.min(drawSize(kind, random), left)
    batches.push({ kind, size, createdS: ARRIVAL_STEP_S * drawStep[number]() })
    left -= size
  }
  return batches.sort((a, b) => a.createdS - b.createdS)
}

function drawKind(model: TraceModel, random: Random): number {
  let left = random.uniform()
  return Math.max(
    0,
    model.kinds.findIndex((kind) => (left -= kind.share) < 0),
  )
}

/** Between two quantiles the size is interpolated, then rounded up or down at random so that the mean stays. */
function drawSize({ sizes }: BatchKind, random: Random): number {
  const place = random.uniform() * (sizes.length - 1)
  const step = Math.floor(place)
  return Math.floor(sizes[step] + (place - step) * (sizes[step + 1] - sizes[step]) + random.uniform())
}

/** Draws the arrival steps of a kind of batches. What echoes is the batch drawn before; an echo has no echo. */
function stepsWithEchoes(cumulated: Float64Array, echo: number, random: Random): () => number {
  let before: number | undefined
  return () => {
    if (before !== undefined && before + 1 < cumulated.length && random.uniform() < echo) {
      const step = before + 1
      before = undefined
      return step
    }
    before = drawStep(cumulated, random)
    return before
  }
}

function drawStep(cumulated: Float64Array, random: Random): number {
  const target = random.uniform() * cumulated[cumulated.length - 1]
  let [low, high] = [0, cumulated.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulated[middle] <= target) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Of each kind, the intensity of arrivals summed up to each step. The surges of all kinds are driven by the same shocks: what
 * brings many small batches brings many of the others.
 */
function cumulatedIntensities(model: TraceModel, steps: number, random: Random): Float64Array[] {
  const sums = model.kinds.map(() => new Float64Array(steps))
  const totals = model.kinds.map(() => 0)
  const first = random.normal()
  const states = model.kinds.map(() => first)
  for (let step = 0; step < steps; step++) {
    const shock = random.normal()
    for (let k = 0; k < sums.length; k++) {
      const { rhythm } = model.kinds[k]
      const memory = Math.exp(-ARRIVAL_STEP_S / rhythm.surgeS)
      states[k] = memory * states[k] + Math.sqrt(1 - memory * memory) * shock
      sums[k][step] = totals[k] += daily(rhythm, step) * Math.exp(rhythm.surge * states[k])
    }
  }
  return sums
}

function daily(rhythm: Rhythm, step: number): number {
  return 1 + rhythm.amplitude * Math.cos((2 * Math.PI * (step * ARRIVAL_STEP_S - rhythm.peakS)) / DAY_S)
}
