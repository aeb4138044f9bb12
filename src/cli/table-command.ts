import { print, printJson, remark } from './output.ts'
import type { TableFlags } from './program.ts'
import { withProgress } from './progress.ts'
import { scenarioOf, showConfig, traceOf } from './scenario-flags.ts'
import { secondsFrom, wholeFrom } from './values.ts'

/** `rmpopt table` */
export async function tableCommand(file: string | undefined, flags: TableFlags): Promise<void> {
  const atNs = Math.round(secondsFrom(flags.at, '--at') * 1e9)
  const hostIndex = wholeFrom(flags.hostIndex ?? '0', '--host-index', 0)
  const scenario = await scenarioOf(file, flags)
  if (flags.showConfig) return showConfig(scenario, flags)
  const { tableAt } = await import('../lab/index.ts')
  const { lines, skippedRows } = await withProgress(async (tell) => {
    tell('preparing VMs')
    const trace = await traceOf(scenario, flags)
    tell('simulating')
    return { lines: tableAt(scenario, trace, atNs, hostIndex), skippedRows: trace.skippedRows }
  })
  if (skippedRows > 0) remark(`note: bad rows of the trace left out: ${skippedRows}`)
  if (flags.json) printJson({ schema: 'rmpopt.table/1', hostIndex, atNs, lines })
  else print(lines.map((line) => `${line}\n`).join(''))
}
