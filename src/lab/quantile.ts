/** The smallest value that at least this share of the values does not exceed. @param ascending at least one value */
export function quantile(ascending: Float64Array, share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)]
}

/** The same, and `null` where there is no value. */
export function quantileIfAny(ascending: Float64Array, share: number): number | null {
  return ascending.length === 0 ? null : quantile(ascending, share)
}
