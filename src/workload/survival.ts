/**
 * How long things live, from observations of which some ended before the thing did (Kaplan and Meier, 1958).
 * Made by `survivalOf`.
 */
export interface Survival {
  /** Share of things that live no longer than `lifetimeS`: a step function, its values in the middle of the steps. */
  rank(lifetimeS: number): number
  /** The place of a thing that was still alive at `ageS`: the middle of what remains. */
  rankBeyond(ageS: number): number
  /** The least lifetime that a share of `probability` does not outlive; `undefined` when that was not seen. */
  quantile(probability: number): number | undefined
}

/**
 * @param lifetimesS lifetime of each thing, seconds; `Infinity`: it did not end while it was observed
 * @param observedS how long each thing was observed, seconds; only that of things that did not end counts
 */
export function survivalOf(lifetimesS: Float64Array, observedS: Float64Array): Survival {
  const endings = lifetimesS.filter((lifetimeS) => lifetimeS !== Number.POSITIVE_INFINITY).sort()
  const censored = observedS.filter((_, i) => lifetimesS[i] === Number.POSITIVE_INFINITY).sort()
  const times: number[] = []
  /** Share that lives longer than `times[i]`. */
  const survivors: number[] = []
  let alive = 1
  let lost = 0
  for (let i = 0; i < endings.length; ) {
    const timeS = endings[i]
    let next = i
    while (next < endings.length && endings[next] === timeS) next++
    while (lost < censored.length && censored[lost] < timeS) lost++
    alive *= 1 - (next - i) / (lifetimesS.length - i - lost)
    times.push(timeS)
    survivors.push(alive)
    i = next
  }
  const after = (step: number) => (step < 0 ? 1 : survivors[step])
  return {
    rank(lifetimeS) {
      const step = lastAtMost(times, lifetimeS)
      const before = times[step] === lifetimeS ? after(step - 1) : after(step)
      return 1 - (before + after(step)) / 2
    },
    rankBeyond: (ageS) => 1 - after(lastAtMost(times, ageS)) / 2,
    quantile(probability) {
      // Survivors fall, so what the list of the dead is searched for is its complement.
      let [low, high] = [0, times.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (1 - survivors[middle] < probability) low = middle + 1
        else high = middle
      }
      return times[low]
    },
  }
}

/** Index of the last value that is at most `limit`, or -1. */
function lastAtMost(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
