// What it would have been worth if SNP came up optimised: seconds of full checking that a host suffers after SNP_EN is set.
import { compareScenario, generateTrace, resolveScenario } from 'rmpopt'

const line = (...cells) => console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(44) : String(cell).padStart(13))).join(''))
line('', 'seconds lost', 'coverage', 'CPU s')

async function boot(untilS, snpShare, comesUpOptimised, names) {
  const machine = { comesUpOptimised }
  const scenario = resolveScenario({ host: { preset: 'venice-2s', machine }, hosts: 1, snpShare, untilS })
  const policies = names.map((policy) => policy)
  const { policies: compared, ideal } = await compareScenario(scenario, ({ generate }) => generateTrace(generate), { policies })
  for (const { name, coverageMean, cpuNs } of compared) {
    const lost = ((ideal.coverageMean - coverageMean) * untilS).toFixed(2)
    const how = `${name === 'none' ? 'no RMPOPT' : name}${comesUpOptimised ? ', comes up optimised' : ''}`
    line(`  ${how}`, lost, `${(coverageMean * 100).toFixed(2)} %`, (cpuNs / 1e9).toFixed(0))
  }
}

console.log('ten minutes from power-on, no SNP guest')
await boot(600, 0, false, ['none', 'v10', 'marked'])
await boot(600, 0, true, ['none'])
console.log('six hours, a fifth of the batches SNP guests')
await boot(21_600, 0.2, false, ['none', 'v10', 'marked'])
await boot(21_600, 0.2, true, ['none', 'v10', 'marked'])
