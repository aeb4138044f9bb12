import type { ScanInput } from '../lab/index.ts'
import { OUR_MEASUREMENTS } from './our-measurements.ts'
import { print, printJson, screenOptions } from './output.ts'
import type { ScanFlags } from './program.ts'
import { withProgress } from './progress.ts'
import { bytesFrom, wholeFrom } from './values.ts'

/** `rmpopt scan` */
export async function scanCommand(flags: ScanFlags): Promise<void> {
  const { host, memory, state, guest, backing, placement, loop, threads, again, seed, json, sensitivity } = flags
  const input: ScanInput = {
    host,
    memoryBytes: memory === undefined ? undefined : bytesFrom(memory, '--memory'),
    state,
    guestBytes: guest?.map((size) => bytesFrom(size, '--guest')),
    backing,
    placement,
    loop,
    threads,
    again: again === undefined ? undefined : wholeFrom(again, '--again', 0),
    seed: seed === undefined ? undefined : wholeFrom(seed, '--seed', 0),
  }
  const seeds = wholeFrom(flags.seeds ?? '1', '--seeds', 1)
  const { resolveScan, scan, sweptCosts } = await import('../lab/index.ts')
  const options = resolveScan(input, (field) => FLAGS[field])
  const measurements = sensitivity ? await (await import('../files/index.ts')).readMeasurements(OUR_MEASUREMENTS) : undefined
  const result = await withProgress(async (tell) => {
    tell('scanning')
    const swept = measurements === undefined ? undefined : sweptCosts(measurements)
    return withFlagNames(() => scan(options, { sensitivity: swept, seeds }))
  })
  if (json) return printJson(result)
  const { scanScreen } = await import('../report/index.ts')
  print(scanScreen(result, screenOptions()))
}

const FLAGS: Readonly<Record<keyof ScanInput, string>> = {
  host: '--host',
  memoryBytes: '--memory',
  state: '--state',
  guestBytes: '--guest',
  backing: '--backing',
  placement: '--placement',
  loop: '--loop',
  threads: '--threads',
  again: '--again',
  seed: '--seed',
}

/** The lab speaks of fields, a person has given options. */
function withFlagNames<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') error.message = error.message.replace(/^(host|guest): /, '--$1: ')
    throw error
  }
}
