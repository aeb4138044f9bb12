import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { RunResult } from '../../lab/index.ts'
import { runScreen } from './run-screen.ts'

const HOUR = 3600e9

const RESULT: RunResult = {
  schema: 'rmpopt.run/1',
  policy: 'v10',
  seed: 1,
  host: { name: 'venice-2s', memoryBytes: 2 ** 41, cores: 512, logicalCpus: 1024 },
  hosts: 4,
  simulatedNs: 72 * HOUR,
  trace: 'generated (seed 1, 12000 VMs, 259200 s)',
  placement: 'buddy',
  backing: '2m',
  snpShare: 0.2,
  vms: { requested: 12_000, placed: 11_990, rejected: 10, snp: 2760, failed: 7, skippedRows: 3 },
  coverage: { mean: 0.9, final: 0.8, idealMean: 0.95 },
  checksSkipped: 0.925,
  checksSkippedLocal: 0.925,
  passes: { count: 1440, cpuNs: 1440 * 40e9, wallNsMean: 242e6, wallNsMax: 310e6, stallNsMax: 134_785, ipis: 1440 * 1e6 },
  reoptimiseDelayNs: { p50: 10.1e9, p99: 164e9, max: 291e9, count: 990, neverCount: 10 },
  rmpupdates: { count: 15_434_214, clears: 15_115 },
  events: 3_087_940_868,
  blockedRegions: {
    upTo16Pages: 1,
    upTo512Pages: 7,
    upTo32768Pages: 52,
    more: 140,
    byPlatformOnly: 10.6,
    byKernelPagesOnly: 0.001,
    beyondReach: 0,
  },
  memoryWaitSeconds: 6,
  timeline: Array.from({ length: 120 }, (_, bin) => ({
    endNs: (bin + 1) * 0.6 * HOUR,
    coverage: 0.95 - bin / 1200,
    ideal: 0.98 - bin / 1200,
    checksSkipped: 0.9,
  })),
}
const PLAIN = { width: 80, colour: false }

test('a run is shown on one screen, of 80 columns and 24 lines with the prompt', () => {
  const vms = { ...RESULT.vms, rejected: 0, skippedRows: 0 }
  const lines = runScreen({ ...RESULT, vms }, PLAIN).split('\n')
  expect(lines.length).toBeLessThanOrEqual(24)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
})

test('a screen says what an engineer wants to know', () => {
  const screen = runScreen(RESULT, { width: 100, colour: false })
  const facts = [
    'RMPOPT policy v10, 3 days on 4 × venice-2s: 2 TiB, 512 cores, 1024 CPUs each',
    '11 990 VMs, 2760 of them SNP guests; placement buddy, backing 2m',
    'Coverage 90.0 %, 94.7 % of ideal; 80.0 % at the end; 92.5 % of checks skipped',
    'Passes   1440, one every 12 min on a host; 242 ms each, at most 310 ms',
    "40 s of CPU time each; together 0.0054 % of the fleet's CPU time",
    '1 000 000 IPIs each; worst interruption of a CPU 135 µs',
    'Waits    freed regions: 10.1 s median, 2.73 min p99, 4.85 min max; 1.0 % never',
    "Blocked  on average 200 of a host's 2048 GiB, by assigned pages in them:",
    '1 by ≤ 16 pages, 7 by ≤ 512, 52 by ≤ 128 MiB, 140 by more',
    '10.6 of these by RMP and firmware only, < 0.01 by contexts/VMSAs only',
    'Note     10 VMs of 12 000 rejected: no host had room; 7 VMs ended too soon to start;',
    '3 bad rows of the trace left out',
  ]
  for (const fact of facts) expect(screen).toContain(fact)
})

test('a run without passes says so, and divides by nothing', () => {
  const passes = { count: 0, cpuNs: 0, wallNsMean: 0, wallNsMax: 0, stallNsMax: 0, ipis: 0 }
  const reoptimiseDelayNs = { p50: null, p99: null, max: null, count: 0, neverCount: 14 }
  const screen = runScreen({ ...RESULT, passes, reoptimiseDelayNs, coverage: { mean: 0, final: 0, idealMean: 0.9 } }, PLAIN)
  expect(screen).toContain('Passes   none')
  expect(screen).toContain('14 freed regions, none of them optimised again')
  expect(screen).not.toMatch(/NaN|Infinity|undefined|null/)
})

test('a host that cannot use RMPOPT is told from one that did not', () => {
  const screen = runScreen({ ...RESULT, coverage: { mean: 0, final: 0, idealMean: 0 }, checksSkipped: 0 }, PLAIN)
  expect(screen).toContain('none possible')
  expect(screen).not.toMatch(/NaN/)
})

test('a run of which there is nothing to note has no notes', () => {
  const vms = { ...RESULT.vms, rejected: 0, failed: 0, skippedRows: 0 }
  expect(runScreen({ ...RESULT, vms, memoryWaitSeconds: 0 }, PLAIN)).not.toContain('Note')
})

test('colours are there when they are wanted, and change nothing else', () => {
  const colours = runScreen(RESULT, { width: 80, colour: true })
  expect(colours).toContain('\u001b[')
  expect(stripVTControlCharacters(colours)).toBe(runScreen(RESULT, PLAIN))
})

test('a narrow terminal gets narrow lines, a wide one no wider than is comfortable', () => {
  const longest = (width: number) =>
    Math.max(
      ...runScreen(RESULT, { width, colour: false })
        .split('\n')
        .map((line) => line.length),
    )
  expect(longest(60)).toBeLessThanOrEqual(60)
  expect(longest(250)).toBeLessThanOrEqual(100)
})
