/** Between two marks of a time axis, seconds: the steps that people count in. */
const STEPS_S = [
  ...[0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600],
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((days) => days * 86_400),
]

/** Round moments from 0 to `endNs`: as many as there are steps for, but the marks at least `1 / most` of the axis apart. */
export function timeTicks(endNs: number, most: number): number[] {
  const step = 1e9 * (STEPS_S.find((seconds) => endNs / (seconds * 1e9) <= most) ?? STEPS_S.at(-1)!)
  return Array.from({ length: Math.floor(endNs / step) + 1 }, (_, index) => index * step)
}
