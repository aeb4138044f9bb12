import { UsageError } from './output.ts'

/** A number as people write it: `0.2`, `1e6`. @param wanted what to give instead, for the message */
export function numberFrom(text: string, flag: string, wanted: string): number {
  if (DECIMAL.test(text.trim())) return Number(text)
  throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a number; give ${wanted}`)
}

/** A whole number from 0 or 1 on. */
export function wholeFrom(text: string, flag: string, min: 0 | 1): number {
  const value = numberFrom(text, flag, `a whole number from ${min}`)
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new UsageError(`${flag}: ${text} is not a whole number from ${min}; give one`)
}

/** Seconds of a time such as `90`, `90s`, `15m`, `2h` or `3.5d`. */
export function secondsFrom(text: string, flag: string): number {
  const [, value, unit = 's'] = TIME.exec(text.trim()) ?? []
  if (value !== undefined) return Number(value) * UNITS_S[unit as keyof typeof UNITS_S]
  throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a time; give seconds, or a number and s, m, h or d, such as 3.5d`)
}

const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const TIME = /^(\d+\.?\d*|\.\d+)([smhd])?$/
const UNITS_S = { s: 1, m: 60, h: 3600, d: 86_400 } as const
