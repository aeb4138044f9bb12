import type { Scenario } from '../scenario.ts'
import { guestLife, UP } from './steps.ts'

export const GUEST_COMES_AND_GOES: Scenario = {
  name: 'guest-comes-and-goes',
  sentence: 'A guest is launched on a host that is all optimised, uses its memory, and is destroyed.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [{ name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 2 }) }],
}
