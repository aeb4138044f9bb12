/** Numbers as people read them: three digits that matter, and a unit. */

const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** `135 µs`, `242 ms`, `10.1 s`, `2.7 min`, `15.8 h`, `3.5 days`. */
export function duration(ns: number): string {
  const s = ns / 1e9
  if (ns === 0) return '0 s'
  // The limits are those of rounding: 999.6 µs is 1.00 ms.
  if (ns < 999.5) return `${digits(ns)} ns`
  if (ns < 999.5e3) return `${digits(ns / 1e3)} µs`
  if (ns < 999.5e6) return `${digits(ns / 1e6)} ms`
  if (s < 2 * MINUTE_S) return `${digits(s)} s`
  if (s < 2 * HOUR_S) return `${digits(s / MINUTE_S)} min`
  if (s < 2 * DAY_S) return `${digits(s / HOUR_S)} h`
  if (s < 730 * DAY_S) return `${digits(s / DAY_S)} days`
  return `${digits(s / (365.25 * DAY_S))} years`
}

/** A moment in time, without what adds nothing: `0`, `30 s`, `12 h`, `2 d`. */
export function moment(ns: number): string {
  const s = ns / 1e9
  if (s === 0) return '0'
  for (const [unit, name] of [
    [DAY_S, 'd'],
    [HOUR_S, 'h'],
    [MINUTE_S, 'min'],
    [1, 's'],
  ] as const) {
    if (s >= unit && Number.isInteger(s / unit)) return `${s / unit} ${name}`
  }
  return duration(ns)
}

/** `0 %`, `0.0053 %`, `93.9 %`, `99.99 %`: never 0 or 100 for what is not. */
export function percent(fraction: number): string {
  const value = fraction * 100
  if (value === 0 || value === 100) return `${value} %`
  if (value < 1) return value < 1e-4 ? '< 0.0001 %' : `${Number(value.toPrecision(2))} %`
  if (value < 99.95 || value > 100) return `${value.toFixed(1)} %`
  return value < 99.995 ? `${value.toFixed(2)} %` : '> 99.99 %'
}

/** A share that somebody chose, without what adds nothing: `20 %`, `0.5 %`. */
export function roundPercent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))} %`
}

/** A whole number: `2760`, `12 000`, `15.4 million`, `1.53 billion`. */
export function count(value: number): string {
  if (value >= 999.5e6) return `${digits(value / 1e9)} billion`
  if (value >= 10e6) return `${digits(value / 1e6)} million`
  const text = String(Math.round(value))
  return value < 10_000 ? text : text.replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** `14.5 GiB`, `2 TiB`. */
export function memory(bytes: number): string {
  const gib = bytes / 2 ** 30
  return gib >= 1024 && Number.isInteger((gib / 1024) * 4) ? `${gib / 1024} TiB` : `${Number(gib.toFixed(1))} GiB`
}

/** The text with no-break spaces inside figures: `0.0091 %` and `12 000` stay on one line. */
export function unbroken(text: string): string {
  return text.replace(
    /(?<=\d) (?=(?:%|[nµm]?s|min|h|d|days|years|[KMGT]?i?B|million|billion|\d{3})(?![\p{L}\d]))|(?<=[<>×÷~] ?) (?=\d)/gu,
    '\u00a0',
  )
}

/** `1 host`, `4 hosts`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Three digits that matter, and no more than whole ones from 100 on. */
export function digits(value: number): string {
  return String(value >= 99.95 ? Math.round(value) : Number(value.toPrecision(3)))
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
