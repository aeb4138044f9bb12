// What the delay before a pass is worth: four delays, after the first or the last request, asked for by guests that end or by
// conversions. One host of 2 TiB for twelve hours.
import { compareScenario, generateTrace, resolvePolicy, resolveScenario } from 'rmpopt'

const requests = [
  ['teardown', 'all'],
  ['conversion', 'dirty'],
]
const policies = requests.flatMap(([at, what]) =>
  ['first', 'last'].flatMap((after) =>
    [0, 1, 10, 60].map((delayS) =>
      resolvePolicy({ name: `${at}-${delayS}-${after}`, when: { at, delayS, after }, what, who: 'leader-followers' }, 'delays'),
    ),
  ),
)
const scenario = resolveScenario({ hosts: 1, untilS: 43_200 })
const result = await compareScenario(scenario, ({ generate }) => generateTrace(generate), { policies })

const line = (...cells) => console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(46) : String(cell).padStart(10))).join(''))
const seconds = (ns) => (ns / 1e9).toFixed(ns < 1e9 ? 4 : 1)
line('a pass', 'passes', 'CPU s', 'lost, %', 'p50, s', 'p99, s', 'never, %')
result.policies.forEach(({ passes, cpuNs, coverageLost, delayNs: { p50, p99, count, neverCount } }, nth) => {
  const { when, what } = policies[nth]
  const never = (100 * neverCount) / (count + neverCount)
  const of = `${when.delayS} s after the ${when.after} ${when.at}, of ${what === 'all' ? 'all memory' : 'marked regions'}`
  line(of, passes, Math.round(cpuNs / 1e9), (coverageLost * 100).toFixed(5), seconds(p50), seconds(p99), never.toFixed(2))
})
