import { OUR_MEASUREMENTS } from './our-measurements.ts'
import { print, printJson, screenOptions } from './output.ts'
import type { CalibrateFlags } from './program.ts'

/** `rmpopt calibrate` */
export async function calibrateCommand(file: string = OUR_MEASUREMENTS, { json }: CalibrateFlags): Promise<void> {
  const [{ calibrate }, { readMeasurements }] = await Promise.all([import('../lab/index.ts'), import('../files/index.ts')])
  const result = calibrate(await readMeasurements(file), file)
  if (json) return printJson(result)
  const { calibrateScreen } = await import('../report/index.ts')
  print(calibrateScreen(result, screenOptions()))
}
