import { kvmConvertToShared } from '../../../kernel/index.ts'
import type { Scenario } from '../scenario.ts'
import { askForPass, guestLife, launched, UP } from './steps.ts'

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

/** Of regions 0 and 1, all six pages each. */
const TWO_REGIONS = 12

export const CONVERSION_EMPTIES_REGION: Scenario = {
  name: 'conversion-empties-region',
  sentence: 'A guest that runs over two regions turns all of its pages in one of them shared, and runs on.',
  machine: { cores: 2, regions: 3 },
  before: [...UP, launched({ id: 0, pages: TWO_REGIONS })],
  events: [
    {
      name: 'guest',
      *routine(kernel, [guest]) {
        for (let page = TWO_REGIONS / 2; page < TWO_REGIONS; page++) yield* kvmConvertToShared(kernel, guest, page)
      },
    },
  ],
}
