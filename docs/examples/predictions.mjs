// What the model foretells of passes that were not published, each with the range that its assumptions leave.
import { fileURLToPath } from 'node:url'
import { resolveScan, scan, sweptCosts } from 'rmpopt'
import { readMeasurements } from 'rmpopt/files'

const GIB = 2 ** 30
const measurements = await readMeasurements(fileURLToPath(new URL('../../data/measurements.yaml', import.meta.url)))
const sensitivity = sweptCosts(measurements)

const PASSES = [
  ['empty, leader then followers (measured: 311.1 ms)', {}],
  ['first page of every GiB (measured: 95.3 ms)', { state: 'first-page' }],
  ['last page of every GiB', { state: 'last-page' }],
  ['every page', { state: 'every-page' }],
  ['empty, one broadcast to all threads, no leader', { loop: 'all-cpus', threads: 'all' }],
  ['empty, one broadcast to one thread a core, no leader', { loop: 'all-cpus' }],
  ['last page, one broadcast to all threads, no leader', { state: 'last-page', loop: 'all-cpus', threads: 'all' }],
  ['first page, followers only where the leader succeeded', { state: 'first-page', loop: 'leader-then-successes' }],
  ['last page, followers only where the leader succeeded', { state: 'last-page', loop: 'leader-then-successes' }],
  ['empty, 8 regions an interrupt', { loop: 'batched:8' }],
  ['empty, all regions in one interrupt', { loop: 'batched:2048' }],
  ['empty, one core at a time', { loop: 'serial' }],
  ['a guest of 100 GiB runs', { guestBytes: [100 * GIB] }],
  ['15 guests of 100 GiB run', { guestBytes: new Array(15).fill(100 * GIB) }],
  ['empty, on 1 TiB', { memoryBytes: 1024 * GIB }],
]

const ms = (ns) => (ns / 1e6).toFixed(ns < 1e6 ? 2 : 0)
const us = (ns) => (ns / 1e3).toFixed(ns < 1e5 ? 1 : 0)
const line = (...cells) =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(55) : cell.padStart(at === 2 ? 12 : 10))).join(''))

line('pass over 2 TiB by 512 cores', 'ms', 'range', 'again', 'stall µs')
for (const [name, input] of PASSES) {
  const { wallNs, stallNsMax, again, sensitivity: rows } = scan(resolveScan({ ...input, again: 1 }), { sensitivity })
  const walls = [wallNs, ...rows.flatMap(({ atLow, atHigh }) => [atLow.wallNs, atHigh.wallNs])]
  line(name, ms(wallNs), `${ms(Math.min(...walls))}–${ms(Math.max(...walls))}`, ms(again[0].wallNs), us(stallNsMax))
}
