import { assert } from './units.ts'

/** The largest CPU number a list may hold: x86 Linux is built for at most 8192 CPUs. [K] */
export const CPU_NUMBER_MAX = 8191

/**
 * CPU numbers in the kernel's `%*pbl` form: `0-255,512-767`, and `''` for none. Asserts that they ascend. [K]
 */
export function formatCpuList(cpus: Iterable<number>): string {
  const runs: { first: number; last: number }[] = []
  for (const cpu of cpus) {
    assert(Number.isInteger(cpu) && cpu >= 0 && cpu <= CPU_NUMBER_MAX, `CPU number ${cpu} is from 0 to ${CPU_NUMBER_MAX}`)
    const run = runs.at(-1)
    assert(run === undefined || cpu > run.last, `CPU ${cpu} comes after CPU ${run?.last}`)
    if (run !== undefined && cpu === run.last + 1) run.last = cpu
    else runs.push({ first: cpu, last: cpu })
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/**
 * The CPU numbers of a list, ascending; `undefined` when the text is not a list of ascending numbers and ranges up to
 * {@link CPU_NUMBER_MAX}. Also takes `0,1`, which the kernel would have written `0-1`; not the strides and words that the
 * kernel's own parser knows.
 */
export function parseCpuList(text: string): number[] | undefined {
  const cpus: number[] = []
  if (text === '') return cpus
  for (const run of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(run)
    if (match === null) return undefined
    const first = Number(match[1])
    const last = Number(match[2] ?? match[1])
    if (first > last || first <= (cpus.at(-1) ?? -1) || last > CPU_NUMBER_MAX) return undefined
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu)
  }
  return cpus
}

/** One line of debugfs `rmpopt-table`. */
export interface RmpoptTableLine {
  /** Number of the region: its address in GiB, 0 to 2^22 − 1. */
  readonly gib: number
  /** The CPUs on which the region is optimised, ascending. */
  readonly cpus: readonly number[]
}

/** One line of debugfs `rmpopt-table`, no newline: `Memory @%3lluGB: CPU(s): ` and the list, or `none`. [L v1–v8] */
export function formatRmpoptTableLine(gib: number, cpus: Iterable<number>): string {
  assert(Number.isInteger(gib) && gib >= 0 && gib <= GIB_NUMBER_MAX, `GiB number ${gib} is from 0 to ${GIB_NUMBER_MAX}`)
  return `Memory @${String(gib).padStart(3)}GB: CPU(s): ${formatCpuList(cpus) || 'none'}`
}

/** What a line of `rmpopt-table` says; `undefined` when the kernel would not have written it so, byte for byte. */
export function parseRmpoptTableLine(line: string): RmpoptTableLine | undefined {
  const match = /^Memory @ {0,2}(\d{1,7})GB: CPU\(s\): (.+)$/.exec(line)
  if (match === null) return undefined
  const gib = Number(match[1])
  const cpus = parseCpuList(match[2] === 'none' ? '' : match[2])
  if (cpus === undefined || gib > GIB_NUMBER_MAX) return undefined
  return formatRmpoptTableLine(gib, cpus) === line ? { gib, cpus } : undefined
}

/** An SPA has 52 bits: 22 above those within a GiB. */
const GIB_NUMBER_MAX = 2 ** 22 - 1
