import type { CheckCell, CheckResult } from '../../lab/index.ts'
import { type Colours, comfortable, type ScreenOptions, wrapped } from './screen.ts'

/** Scenario by scenario what fails there, of whom: of one policy in how many steps, of several which. */
export function scenarioLines({ scenarios, results }: CheckResult, options: ScreenOptions, { bold, dim }: Colours): string[] {
  const policies = [...new Set(results.map(({ policy }) => policy))]
  const width = Math.max(...scenarios.map(({ name }) => name.length)) + 2
  return scenarios.flatMap(({ name }) => {
    const cells = results.filter(({ scenario }) => scenario === name)
    const [first = '', ...more] = wrapped(words(cells, policies), comfortable(options) - width)
    return [
      bold(name.padEnd(width)) + (cells.some(({ verdict }) => verdict !== 'holds') ? first : dim(first)),
      ...more.map((line) => ' '.repeat(width) + line),
    ]
  })
}

function words(cells: readonly CheckCell[], policies: readonly string[]): string {
  if (cells.length === 0) return 'not checked'
  const properties = [...new Set(cells.map(({ property }) => property))]
  const parts = properties.flatMap((property) => {
    const of = (verdict: CheckCell['verdict']) => cells.filter((cell) => cell.property === property && cell.verdict === verdict)
    const fails = of('fails')
    const open = of('unfinished')
    return [
      ...(fails.length === 0
        ? []
        : [`${property}\u00a0${policies.length === 1 ? `(${fails[0].steps}\u00a0steps)` : listed(fails, policies)}`]),
      ...(open.length === 0
        ? []
        : [`${property}\u00a0unfinished${policies.length === 1 ? '' : `\u00a0${listed(open, policies)}`}`]),
    ]
  })
  return parts.length === 0 ? 'all hold' : parts.join(' · ').replaceAll('\u00a0', ' ')
}

/** Those policies, in the order of all; three and more that follow each other as `v3–v10`. */
function listed(cells: readonly CheckCell[], policies: readonly string[]): string {
  const isMeant = (policy: string) => cells.some((cell) => cell.policy === policy)
  const runs: string[][] = []
  for (const [at, policy] of policies.entries()) {
    if (!isMeant(policy)) continue
    if (at > 0 && isMeant(policies[at - 1])) runs[runs.length - 1].push(policy)
    else runs.push([policy])
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}–${run[run.length - 1]}` : run.join(', '))).join(', ')
}
