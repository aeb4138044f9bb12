import { GIB } from '../arch/index.ts'
import { AZURE_V1 } from './azure-v1.ts'
import { ROWS_MAX } from './builder.ts'
import { drawBatches } from './generate-batches.ts'
import { type BatchKind, type Flavour, LIFETIME_STEPS, type Lifetimes, type TraceModel } from './model.ts'
import { type Random, randomFrom } from './random.ts'
import { TIME_MAX_S } from './row.ts'
import type { Trace } from './trace.ts'
import { UserError } from './user-error.ts'

export interface GenerateOptions {
  /** Equal options give equal traces. An integer of 0..2^32-1; default: 1. */
  readonly seed: number
  /** VMs arrive from 0 up to this, seconds, and those alive then have no end. Default: the model's, 300 000 for `AZURE_V1`. */
  readonly durationS: number
  /** Number of VMs. Default: at the rate of the trace modelled. Fewer means fewer batches, not smaller ones. */
  readonly vms: number
  /** What to resemble. Default: `AZURE_V1`. */
  readonly model: TraceModel
}

/**
 * A trace that resembles a real one: bursts of arrivals, batches, flavours, lifetimes. docs/workload.md tells what it models,
 * how close it comes, and what it leaves out.
 *
 * @throws UserError for an option out of its range
 */
export function generateTrace(options: Partial<GenerateOptions> = {}): Trace {
  const { seed = 1, model = AZURE_V1 } = options
  const { durationS = model.durationS } = options
  check('durationS', durationS, durationS > 0 && durationS <= TIME_MAX_S, `more than 0, at most ${TIME_MAX_S}`)
  const vms = options.vms ?? Math.max(1, Math.round((model.vms * durationS) / model.durationS))
  check('vms', vms, Number.isInteger(vms) && vms >= 1 && vms <= ROWS_MAX, `a whole number of 1..${ROWS_MAX}`)
  check('seed', seed, Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'a whole number of 0..2^32-1')
  const random = randomFrom(seed)
  const batches = drawBatches(model, vms, durationS, random)
  const trace = {
    name: `generated (seed ${seed}, ${vms} VMs, ${durationS} s)`,
    count: vms,
    batch: new Int32Array(vms),
    createdS: new Float64Array(vms),
    deletedS: new Float64Array(vms),
    vcpus: new Uint16Array(vms),
    memoryBytes: new Float64Array(vms),
    skippedRows: 0,
  }
  let vm = 0
  for (let batch = 0; batch < batches.length; batch++) {
    const { createdS, size } = batches[batch]
    const draw = vmsOfBatch(batches[batch].kind, random)
    for (const end = vm + size; vm < end; vm++) {
      const { flavour, place } = draw()
      const endS = createdS + lifetimeS(flavour.lifetimes ?? batches[batch].kind.lifetimes, place)
      trace.batch[vm] = batch
      trace.createdS[vm] = createdS
      trace.deletedS[vm] = endS > durationS ? Number.POSITIVE_INFINITY : endS
      trace.vcpus[vm] = flavour.vcpus
      trace.memoryBytes[vm] = Math.round(flavour.memoryGib * GIB)
    }
  }
  return trace
}

function check(name: string, value: number, good: boolean, range: string): void {
  if (!good) throw new UserError(`${name} of a generated trace is ${value}; give ${range}`)
}

/** Draws what the VMs of a batch have in common; the function returned draws a VM: flavour, and place among the lifetimes. */
function vmsOfBatch(kind: BatchKind, random: Random): () => { flavour: Flavour; place: number } {
  const main = drawFlavour(kind, random)
  const loyalty = random.uniform() < kind.mixedShare ? kind.loyalty : 1
  const centre = random.uniform()
  const distance = Math.exp(kind.spread.mean + kind.spread.deviation * random.normal())
  return () => ({
    flavour: random.uniform() < loyalty ? main : drawFlavour(kind, random),
    place: folded(centre + distance * (2 * random.uniform() - 1)),
  })
}

function drawFlavour(kind: BatchKind, random: Random): Flavour {
  let left = random.uniform()
  for (const flavour of kind.flavours) if ((left -= flavour.share) < 0) return flavour
  return kind.flavours[0]
}

/** Mirrors a number at 0 and at 1 until it lies between. */
function folded(value: number): number {
  const inTwo = Math.abs(value) % 2
  return inTwo > 1 ? 2 - inTwo : inTwo
}

/** The lifetime at a place of 0..1, whole seconds, 1 or more. Between steps it is interpolated in its logarithm. */
function lifetimeS({ stepsS, tail }: Lifetimes, place: number): number {
  const last = stepsS.length - 1
  let step = 0
  while (step <= last && LIFETIME_STEPS[step] <= place) step++
  if (step > last) {
    const outlived = Math.max(OUTLIVED_MIN, (1 - place) / (1 - LIFETIME_STEPS[last]))
    return Math.round(stepsS[last] * outlived ** (-1 / tail))
  }
  const along = (place - LIFETIME_STEPS[step - 1]) / (LIFETIME_STEPS[step] - LIFETIME_STEPS[step - 1])
  return Math.round(stepsS[step - 1] * (stepsS[step] / stepsS[step - 1]) ** along)
}

/** Keeps the longest lifetimes finite. */
const OUTLIVED_MIN = 1e-9
