import type { Scenario } from '../scenario.ts'
import { guestLife, UP } from './steps.ts'

export const LARGE_GUEST_RETURNS_LATE: Scenario = {
  name: 'large-guest-returns-late',
  sentence: 'A guest over two regions ends; its memory comes back piece by piece, while or after a pass goes over it.',
  machine: { cores: 2, regions: 3 },
  before: UP,
  events: [{ name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 10 }) }],
}
