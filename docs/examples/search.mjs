// A search of the space of policies, when × what × who, on one host of 2 TiB for three hours: the points that no other beats in coverage
// lost, CPU time, worst interruption and memory kept. The whole of this file is the search; it knows nothing of `marked`.
import { compareScenario, generateTrace, resolvePolicy, resolveScenario } from 'rmpopt'

const teardown = (delayS, after) => ({ at: 'teardown', delayS, after })
const conversion = (delayS, after) => ({ at: 'conversion', delayS, after })
const groups = (groupCores) => ({ leads: true, follow: 'successes', reach: 'groups', groupCores })

// First the moment and the regions, executed as v10 does; then, of each what with its best moment, the ways to execute.
const WHENS = [
  ['all', teardown(10, 'last')],
  ['all', teardown(1, 'first')],
  ['all', conversion(1, 'last')],
  ['all', { at: 'periodic', everyS: 60 }],
  ['guest', teardown(10, 'last')],
  ['guest', teardown(1, 'first')],
  ['dirty', conversion(10, 'last')],
  ['dirty', conversion(10, 'first')],
  ['dirty', conversion(1, 'last')],
  ['dirty', conversion(1, 'first')],
  ['dirty', conversion(0, 'first')],
  ['emptied', conversion(10, 'first')],
  ['emptied', conversion(1, 'first')],
  ['emptied', conversion(0, 'first')],
]
const WHOS = [
  ['broadcast', 'broadcast'],
  ['leader, successes', 'leader-successes'],
  ['idle first', 'idle-first'],
  ['one at a time', 'one-at-a-time'],
  ['groups of 128', groups(128)],
  ['groups of 32', groups(32)],
  ['groups of 8', groups(8)],
  ['groups of 1', groups(1)],
]
const points = [
  ...WHENS.map(([what, when]) => [what, when, 'leader, followers', 'leader-followers']),
  ...WHOS.map(([way, who]) => ['dirty', conversion(1, 'first'), way, who]),
  ...['groups of 32', 'groups of 8'].map((way) => [
    'emptied',
    conversion(1, 'first'),
    way,
    WHOS.find(([name]) => name === way)[1],
  ]),
]

const policies = points.map(([what, when, , who], nth) => resolvePolicy({ name: `point-${nth}`, when, what, who }, 'search'))
const scenario = resolveScenario({ hosts: 1, untilS: 3 * 3600, snpShare: 0.4, generate: { vms: 1500, durationS: 3 * 3600 } })
const result = await compareScenario(scenario, ({ generate }) => generateTrace(generate), { policies })

const line = (...cells) =>
  console.log(cells.map((cell, at) => (at < 4 ? String(cell).padEnd([2, 9, 27, 19][at]) : String(cell).padStart(10))).join(''))
const moment = ({ at, delayS, after, everyS }) => (at === 'periodic' ? `every ${everyS} s` : `${delayS} s after ${after} ${at}`)
line('', 'what', 'when', 'who', 'lost, %', 'CPU, s', 'stop, µs', 'kept, B')
result.policies.forEach(({ isOnFront, coverageLost, cpuNs, stallNsMax, keptBytes }, nth) => {
  const [what, when, way] = points[nth]
  const figures = [(coverageLost * 100).toFixed(4), (cpuNs / 1e9).toFixed(1), (stallNsMax / 1e3).toFixed(1), keptBytes]
  line(isOnFront ? '*' : '', what, moment(when), way, ...figures)
})
