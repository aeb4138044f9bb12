import { print, printJson, screenOptions } from './output.ts'
import { withProgress } from './progress.ts'
import { type ScenarioFlags, scenarioOf, showConfig, traceOf } from './scenario-flags.ts'

/** `rmpopt run` */
export async function runCommand(file: string | undefined, flags: ScenarioFlags): Promise<void> {
  const scenario = await scenarioOf(file, flags)
  if (flags.showConfig) return showConfig(scenario, flags)
  const { runScenario } = await import('../lab/index.ts')
  const result = await withProgress(async (tell) => {
    tell('preparing VMs')
    const trace = await traceOf(scenario, flags)
    tell('simulating')
    // Hosts are simulated here, one after the other; worker threads would come in as the hook `simulate`.
    return runScenario(scenario, trace, { onProgress: (done, hosts) => tell(`simulated ${done} of ${hosts} hosts`) })
  })
  if (flags.json) return printJson(result)
  const { runScreen } = await import('../report/index.ts')
  print(runScreen(result, screenOptions()))
}
