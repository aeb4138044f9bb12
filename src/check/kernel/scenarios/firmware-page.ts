import { type Kernel, type Routine, rmpMakePrivate, snpReclaimPage } from '../../../kernel/index.ts'
import type { Scenario } from '../scenario.ts'
import { UP } from './steps.ts'

/** The firmware driver hands a page to the firmware for a command, and reclaims it (`rmp_mark_pages_firmware`, `snp_reclaim_pages`) [K]. */
function* commandBuffer(kernel: Kernel): Routine<void> {
  const page = kernel.memory.allocateKernelPage('snp')
  if (page === undefined) return
  yield* rmpMakePrivate(kernel, page, 0, '4K', 0, true)
  yield* snpReclaimPage(kernel, page)
  kernel.memory.freeKernelPage(page)
}

export const FIRMWARE_PAGE: Scenario = {
  name: 'firmware-page',
  sentence: 'No guest runs; a page is handed to the firmware for a command (an ioctl), and reclaimed.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [{ name: 'ioctl', routine: commandBuffer }],
}
