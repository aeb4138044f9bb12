import { print, printJson, screenOptions } from './output.ts'
import { withProgress } from './progress.ts'
import { type ScenarioFlags, scenarioOf, showConfig, traceOf } from './scenario-flags.ts'

/** `rmpopt run` */
export async function runCommand(file: string | undefined, flags: ScenarioFlags): Promise<void> {
  const scenario = await scenarioOf(file, flags)
  if (flags.showConfig) return showConfig(scenario, flags)
  const [{ runScenario }, { simulateOn }] = await Promise.all([import('../lab/index.ts'), import('../workers/index.ts')])
  const result = await withProgress(async (tell) => {
    tell('preparing VMs')
    const trace = await traceOf(scenario, flags)
    tell('simulating')
    const onProgress = (done: number, hosts: number) => tell(`simulated ${done} of ${hosts} hosts`)
    return runScenario(scenario, trace, { onProgress, simulate: simulateOn() })
  })
  if (flags.json) return printJson(result)
  const { runScreen } = await import('../report/index.ts')
  print(runScreen(result, screenOptions()))
}
