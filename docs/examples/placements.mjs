// Placement of guest memory against policy: what each is worth. One host of 2 TiB for six hours.
import { compareScenario, generateTrace, PLACEMENTS, resolveScenario } from 'rmpopt'

const line = (...cells) => console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(14) : String(cell).padStart(12))).join(''))
const percent = (share) => (share * 100).toFixed(3)
line('', 'could be, %', 'v10, %', 'marked, %')
for (const { name } of PLACEMENTS) {
  const scenario = resolveScenario({ hosts: 1, placement: name, untilS: 21_600 })
  const options = { policies: ['v10', 'marked'] }
  const { ideal, policies } = await compareScenario(scenario, ({ generate }) => generateTrace(generate), options)
  line(name, percent(ideal.coverageMean), ...policies.map(({ coverageMean }) => percent(coverageMean)))
}
