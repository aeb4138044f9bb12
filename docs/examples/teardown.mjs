// Large guests give their memory back for longer than ten seconds: what becomes of v10 then, and how much of that is assumed.
import { fileURLToPath } from 'node:url'
import { compareScenario, resolveScenario } from 'rmpopt'
import { readScenario, readTrace } from 'rmpopt/files'

const input = await readScenario(fileURLToPath(new URL('large.yaml', import.meta.url)))
const trace = await readTrace(input.trace)
const half = ({ costs: { cpuWorkNs, ...costs }, ...scenario }) => {
  const low = { ...cpuWorkNs, 'free 4K folio': cpuWorkNs['free 4K folio'] / 2 }
  return { ...scenario, costs: { ...costs, rmpupdateNs: 200, cpuWorkNs: low } }
}
const CASES = [
  ['4K backing', { backing: '4k' }, (scenario) => scenario],
  ['4K backing, RMPUPDATE and freeing at their least', { backing: '4k' }, half],
  ['2M backing', { backing: '2m' }, (scenario) => scenario],
]
const line = (...cells) => console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(50) : String(cell).padStart(16))).join(''))
line('', 'v10 lost, %', 'marked lost, %')
for (const [name, fields, change] of CASES) {
  const scenario = change(resolveScenario({ ...input, ...fields, untilS: 3 * 3600 }))
  const { policies } = await compareScenario(scenario, () => trace, { policies: ['v10', 'marked'] })
  line(name, ...policies.map(({ coverageLost }) => (coverageLost * 100).toFixed(3)))
}
