import { moment } from '../../words/format.ts'
import { timeTicks } from '../../words/time-ticks.ts'

/** A logarithmic axis that has room for what is zero. The plot sees logarithms on a linear scale, so that every mark keeps its name. */
export interface LogAxis {
  readonly scale: {
    readonly domain: number[]
    readonly ticks: number[]
    readonly tickFormat: (place: number) => string
    readonly label: null
  }
  /** Where a value goes; what is zero, or too small to count, goes to a place of its own. */
  readonly place: (value: number) => number
}

/** An axis of fractions, in per cent. What is below a millionth counts as none. */
export function shareAxis(values: readonly number[], most = 7): LogAxis {
  return logAxis(values, SHARES, (share) => `${Number((share * 100).toPrecision(1))} %`, most)
}

/** An axis of times, in nanoseconds. */
export function durationAxis(values: readonly number[], most = 7): LogAxis {
  return logAxis(values, DURATIONS, moment, most)
}

const DECADES = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1]
const SHARES: Marks = { coarse: [...DECADES, 1], fine: [...DECADES.flatMap((decade) => [decade, 2 * decade, 5 * decade]), 1] }
const [MINUTE, HOUR, DAY] = [60e9, 3600e9, 86_400e9]
const BELOW_MINUTE = [1, 1e3, 1e6, 1e9].flatMap((unit) => [unit, 10 * unit, 100 * unit]).slice(0, -1)
const DURATIONS: Marks = {
  coarse: [...BELOW_MINUTE, MINUTE, 10 * MINUTE, HOUR, 10 * HOUR, 4 * DAY, 40 * DAY, 400 * DAY, 4000 * DAY],
  fine: [
    ...BELOW_MINUTE.flatMap((unit) => [unit, 2 * unit, 5 * unit]).slice(0, -1),
    ...[1, 2, 5, 10, 20].map((count) => count * MINUTE),
    ...[1, 2, 5, 10].map((count) => count * HOUR),
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000].map((count) => count * DAY),
  ],
}

interface Marks {
  readonly coarse: readonly number[]
  readonly fine: readonly number[]
}

function logAxis(values: readonly number[], marks: Marks, write: (value: number) => string, most: number): LogAxis {
  const positive = values.filter((value) => value >= marks.coarse[0] && Number.isFinite(value))
  const hasZero = positive.length < values.length
  const fine = spanning(marks.fine, positive)
  const all = fine.length <= most ? fine : spanning(marks.coarse, positive)
  const every = Math.ceil(all.length / most)
  const [low, high] = [Math.log10(all[0]), Math.log10(all[all.length - 1])]
  const floor = hasZero ? low - Math.max(0.4, (high - low) * ZERO_BELOW) : low
  const names = new Map(all.filter((_, at) => at % every === 0).map((value) => [Math.log10(value), write(value)]))
  if (hasZero) names.set(floor, '0')
  return {
    scale: {
      domain: [floor, high],
      ticks: [...names.keys()],
      tickFormat: (place) => names.get(place) ?? '',
      label: null,
    },
    place: (value) => (value < all[0] ? floor : Math.log10(value)),
  }
}

/** Zero lies below the first mark by this share of the axis. */
const ZERO_BELOW = 0.16

/** The marks from the last one below all values to the first one above, and some more where these are few. */
function spanning(candidates: readonly number[], values: readonly number[]): number[] {
  const [least, most] = values.length === 0 ? [candidates[0], candidates[2]] : [Math.min(...values), Math.max(...values)]
  const below = candidates.findLastIndex((mark) => mark <= least)
  const above = candidates.findIndex((mark) => mark >= most)
  const [first, last] = [Math.max(0, below), above === -1 ? candidates.length - 1 : above]
  const spare = last - first < 2 ? 1 : 0
  return candidates.slice(Math.max(0, first - spare), last + spare + 1)
}

/** The options of a plot's axis of simulated time. */
export function timeScale(endNs: number, most = 6) {
  return { domain: [0, endNs], ticks: timeTicks(endNs, most), tickFormat: moment, label: null, tickSize: 4 }
}
