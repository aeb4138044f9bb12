import { groupByFlavour } from './observe.ts'
import type { Survival } from './survival.ts'
import type { Trace } from './trace.ts'

/** How alike two VMs of one batch are, averaged over the VMs of batches of two and more. */
export interface Togetherness {
  /** Share of pairs with equal vCPUs and memory. */
  readonly sameFlavourShare: number
  /** Correlation of the places of their lifetimes among all lifetimes. */
  readonly lifetimeCorrelation: number
  /** Share of pairs of which one lives at most 1.25 times as long as the other; both must have ended. */
  readonly lifetimeCloseShare: number
}

export function togetherness(trace: Trace, batches: readonly Int32Array[], survival: Survival, endS: number): Togetherness {
  let [vms, same, variance, covariance, endedVms, close] = [0, 0, 0, 0, 0, 0]
  for (const batch of batches) {
    const size = batch.length
    if (size < 2) continue
    vms += size
    same += groupByFlavour(trace, batch).reduce((sum, { length }) => sum + length * (length - 1), 0) / (size - 1)
    const places = Array.from(batch, (vm) => placeOf(trace, vm, survival, endS) - 0.5)
    const total = places.reduce((sum, place) => sum + place, 0)
    const squares = places.reduce((sum, place) => sum + place * place, 0)
    variance += squares
    covariance += (total * total - squares) / (size - 1)
    const ended = Float64Array.from(batch, (vm) => trace.deletedS[vm] - trace.createdS[vm]).filter(Number.isFinite)
    if (ended.length < 2) continue
    endedVms += ended.length
    close += (2 * closePairs(ended.sort())) / (ended.length - 1)
  }
  return { sameFlavourShare: same / vms, lifetimeCorrelation: covariance / variance, lifetimeCloseShare: close / endedVms }
}

function placeOf(trace: Trace, vm: number, survival: Survival, endS: number): number {
  if (trace.deletedS[vm] === Number.POSITIVE_INFINITY) return survival.rankBeyond(endS - trace.createdS[vm])
  return survival.rank(trace.deletedS[vm] - trace.createdS[vm])
}

function closePairs(sorted: Float64Array): number {
  let pairs = 0
  for (let low = 0, high = 0; high < sorted.length; high++) {
    while (sorted[high] > 1.25 * sorted[low]) low++
    pairs += high - low
  }
  return pairs
}
