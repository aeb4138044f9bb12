/**
 * What `rmpopt calibrate` finds for the measurements of `data/measurements.yaml`, to four digits; a test holds it against a
 * fresh fit. What each parameter means is said by `rmpopt calibrate`.
 */
export const CALIBRATED = {
  summaryNs: 29.61,
  numaSpread: 0.3796,
  cachedNs: 1638,
  cachedContentionNs: 170.6,
  wakeNs: 16_080,
} as const
