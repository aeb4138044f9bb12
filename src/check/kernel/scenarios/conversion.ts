import { kvmConvertToShared } from '../../../kernel/index.ts'
import type { Scenario } from '../scenario.ts'
import { askForPass, guestLife, UP } from './steps.ts'

export const CONVERSION_AGAINST_PASS: Scenario = {
  name: 'conversion-against-pass',
  sentence: 'A guest turns a page of a 2 MiB entry shared, and ends, while somebody else asks for a pass.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [
    {
      name: 'guest',
      routine: (kernel) => guestLife(kernel, { id: 0, pages: 4, meanwhile: (k, guest) => kvmConvertToShared(k, guest, 3) }),
    },
    { name: 'request', routine: askForPass },
  ],
}
