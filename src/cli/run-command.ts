import { print, printJson, screenOptions } from './output.ts'
import { perfettoOutput } from './perfetto-output.ts'
import type { RunFlags } from './program.ts'
import { withProgress } from './progress.ts'
import { scenarioOf, showConfig, traceOf } from './scenario-flags.ts'

/** `rmpopt run` */
export async function runCommand(file: string | undefined, flags: RunFlags): Promise<void> {
  const scenario = await scenarioOf(file, flags)
  if (flags.showConfig) return showConfig(scenario, flags)
  const perfetto = await perfettoOutput(flags.perfetto)
  const [{ runScenario }, { simulateOn }] = await Promise.all([import('../lab/index.ts'), import('../workers/index.ts')])
  const result = await withProgress(async (tell) => {
    tell('preparing VMs')
    const trace = await traceOf(scenario, flags)
    tell('simulating')
    const onProgress = (done: number, hosts: number) => tell(`simulated ${done} of ${hosts} hosts`)
    const result = await runScenario(scenario, trace, { onProgress, simulate: simulateOn() })
    if (flags.perfetto !== undefined) tell('tracing a host')
    await perfetto.write(scenario, trace)
    return result
  })
  if (flags.json) printJson(result)
  else print((await import('../report/index.ts')).runScreen(result, screenOptions()))
  perfetto.tell()
}
