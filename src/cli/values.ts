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

/** Bytes of a size such as `512MiB`, `100GiB` or `2TiB`: whole 4 KiB pages of them, at least one. */
export function bytesFrom(text: string, flag: string): number {
  const [, value, unit] = SIZE.exec(text.trim()) ?? []
  if (value === undefined) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a size; give a number and MiB, GiB or TiB, such as 100GiB`)
  }
  const bytes = Number(value) * UNITS_BYTES[unit as keyof typeof UNITS_BYTES]
  if (bytes > 0 && bytes % 4096 === 0 && bytes <= 2 ** 52) return bytes
  throw new UsageError(`${flag}: ${text} is not a whole number of 4 KiB pages from 1 on; give another size`)
}

const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const TIME = /^(\d+\.?\d*|\.\d+)([smhd])?$/
const UNITS_S = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const SIZE = /^(\d+\.?\d*|\.\d+)(MiB|GiB|TiB)$/
const UNITS_BYTES = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const
