// One pass over 2 TiB by 512 cores, for each state that reviewers asked about: how long, and how it is spread over CPUs.
import { fileURLToPath } from 'node:url'
import { resolveScan, scan, sweptCosts } from 'rmpopt'
import { readMeasurements } from 'rmpopt/files'

const GIB = 2 ** 30
const measurements = await readMeasurements(fileURLToPath(new URL('../../data/measurements.yaml', import.meta.url)))
const swept = sweptCosts(measurements)
const only = (...names) => swept.filter(({ assumption }) => names.includes(assumption.name))

const FULL = { guestBytes: new Array(19).fill(100 * GIB) }
const PASSES = [
  ['full: 19 guests of 100 GiB, 2M backing', FULL],
  ['full: the same, 4K backing', { ...FULL, backing: '4k' }],
  ['full: the same, 1G backing', { ...FULL, backing: '1g' }],
  ['full: every page private', { state: 'every-page' }],
  ['empty', {}],
  ['empty, again', { again: 1 }],
  ['first 4K page of every GiB private', { state: 'first-page' }],
  ['last 4K page of every GiB private', { state: 'last-page' }],
  ['half of all GiB: 1 in 739 huge pages private', { state: `random:${1 - 0.5 ** (1 / 512)}` }],
  ['empty, followers where the leader succeeded', { loop: 'leader-then-successes' }],
  ['last page, followers where it succeeded', { state: 'last-page', loop: 'leader-then-successes' }],
]

const ms = (ns) => (ns / 1e6).toFixed(ns < 1e7 ? 2 : 0)
const line = (...cells) =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(45) : cell.padStart(at < 3 ? 9 : 10))).join(''))

line('', 'wall', 'range', 'CPU time', 'median', 'busiest', 'longest')
line('', 'ms', 'ms', 's', 'CPU, ms', 'CPU, ms', 'stop, µs')
for (const [name, input] of PASSES) {
  const sensitivity = only('ipiPerCpuNs', 'taskSwitchNs', 'scanContentionNs')
  const result = scan(resolveScan(input), { sensitivity: input.again ? undefined : sensitivity })
  const { wallNs, cpuNs, perCpuBusyNs, stallNsMax } = input.again ? result.again[0] : result
  const walls = [wallNs, ...(result.sensitivity ?? []).flatMap(({ atLow, atHigh }) => [atLow.wallNs, atHigh.wallNs])]
  const range = input.again ? '' : `${ms(Math.min(...walls))}–${ms(Math.max(...walls))}`
  const { p50, max } = perCpuBusyNs
  line(name, ms(wallNs), range, (cpuNs / 1e9).toFixed(2), ms(p50), ms(max), (stallNsMax / 1e3).toFixed(1))
}
