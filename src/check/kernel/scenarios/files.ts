import { type Kernel, type Routine, rmpoptTableShow } from '../../../kernel/index.ts'
import { rmpoptConfigfsWrite } from '../../../policy/index.ts'
import type { Scenario } from '../scenario.ts'
import { guestLife, UP } from './steps.ts'

/** Only v1 has the file. */
function* writeOne(kernel: Kernel): Routine<void> {
  if (kernel.driver.name === 'v1') yield* rmpoptConfigfsWrite(kernel)
}

export const DEBUGFS_READ: Scenario = {
  name: 'debugfs-read',
  sentence: 'Somebody reads rmpopt-table while a guest ends and the pass after it runs.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [
    { name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 2 }) },
    { name: 'reader', routine: (kernel) => rmpoptTableShow(kernel, () => {}) },
  ],
}

export const CONFIGFS_WRITE: Scenario = {
  name: 'configfs-write',
  sentence: 'A guest comes and goes, and 1 is written to the configfs file, twice (v1 only).',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [
    { name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 2 }) },
    { name: 'write', routine: writeOne },
    { name: 'write again', routine: writeOne },
  ],
}
