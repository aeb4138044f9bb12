import type { ComparedPolicy } from '../../lab/index.ts'
import { digits, duration, percent } from './format.ts'
import { COUNTED, type Counted } from './standing.ts'

/** What the figures that count are called, and how they are written. */
export const COUNTED_WORDS: Record<Counted, { readonly name: string; readonly write: (value: number) => string }> = {
  coverageLost: { name: 'coverage lost', write: percent },
  cpuNs: { name: 'CPU time', write: duration },
  stallNsMax: { name: 'worst interruption', write: duration },
  keptBytes: { name: 'memory kept', write: bytes },
}

/** Memory of a policy's own: `0`, `256 B`, `2 KiB`, `1.5 MiB`. */
export function bytes(value: number): string {
  if (value === 0) return '0'
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10))
  return `${digits(value / 2 ** (10 * power))} ${UNITS[power]}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** How a value stands to another, in few characters: `−40 %`, `+3.1 %`, `× 3.1`, `÷ 26`; empty where nothing differs or nothing can be said. */
export function ratio(value: number, base: number): string {
  if (base === 0 || value === base) return ''
  const quotient = value / base
  if (quotient === 0) return '−100 %'
  if (quotient >= 2) return `× ${short(quotient)}`
  if (quotient <= 0.5) return `÷ ${short(1 / quotient)}`
  const change = Math.abs(quotient - 1) * 100
  return change < 0.05 ? '' : `${quotient > 1 ? '+' : '−'}${short(change)} %`
}

/** How a fraction stands to another, in percentage points: `+0.009 pp`; empty where nothing differs. */
export function points(value: number, base: number): string {
  const difference = (value - base) * 100
  return Math.abs(difference) < 5e-5 ? '' : `${difference > 0 ? '+' : '−'}${short(Math.abs(difference))} pp`
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)))
}

/** In which of the figures that count two policies differ as they are written. */
export function visiblyDifferent(policy: ComparedPolicy, other: ComparedPolicy): Counted[] {
  return COUNTED.filter((figure) => COUNTED_WORDS[figure].write(policy[figure]) !== COUNTED_WORDS[figure].write(other[figure]))
}
