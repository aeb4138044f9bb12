// Hardware that does not exist, against the real one: what each would bring, and what a pass would cost there. One host for an hour. Shares in per cent.
import { compareScenario, generateTrace, resolvePolicy, resolveScenario } from 'rmpopt'

const MIB = 2 ** 20
const TIB = 2 ** 40
const conversions = { at: 'conversion', delayS: 1, after: 'first' }
const point = (name, who, base) => resolvePolicy({ name, when: conversions, what: 'dirty', who, base }, 'what-if')
const ONE = point('leader-only', 'leader-only')
const SOCKET = point('socket-bases', 'leader-successes', 'socket')
const BIG = { preset: 'whatif-6tib' }

const CASES = [
  ['2 TiB, as it is', {}, ['v10', 'marked', ONE]],
  ['success is broadcast', { machine: { successBroadcast: true } }, ['v10', 'marked', ONE]],
  ['no stored results', { machine: { resultCache: false } }, ['v10', 'marked']],
  ['regions of 256 MiB', { machine: { regionBytes: 256 * MIB } }, ['v10', 'marked']],
  ['regions of 32 MiB', { machine: { regionBytes: 32 * MIB } }, ['marked']],
  ['6 TiB, as it is', BIG, ['v1', 'v10', 'marked', SOCKET]],
  ['6 TiB, tables reach 4 TiB', { ...BIG, machine: { tableReachBytes: 4 * TIB } }, ['marked', SOCKET]],
  ['6 TiB, tables reach 8 TiB', { ...BIG, machine: { tableReachBytes: 8 * TIB } }, ['v10', 'marked']],
]

const line = (...cells) =>
  console.log(cells.map((cell, at) => (at < 2 ? String(cell).padEnd([27, 13][at]) : String(cell).padStart(10))).join(''))
line('', '', 'coverage', 'coverage', 'checks', 'the same,', '', 'ms a', 'CPU', 'stop')
line('hardware', 'policy', 'could be', 'is', 'skipped', 'locally', 'passes', 'pass', 's', 'µs')
const percent = (share) => (share * 100).toFixed(2)
for (const [name, host, policies] of CASES) {
  const scenario = resolveScenario({ host, hosts: 1, untilS: 3600 })
  const result = await compareScenario(scenario, ({ generate }) => generateTrace(generate), { policies })
  for (const one of result.policies) {
    const { coverageMean, checksSkipped, checksSkippedLocal, passes, wallNsMean, cpuNs, stallNsMax } = one
    const costs = [(wallNsMean / 1e6).toFixed(1), (cpuNs / 1e9).toFixed(2), (stallNsMax / 1e3).toFixed(1)]
    const shares = [result.ideal.coverageMean, coverageMean, checksSkipped, checksSkippedLocal].map(percent)
    line(name, one.name, ...shares, passes, ...costs)
  }
}
