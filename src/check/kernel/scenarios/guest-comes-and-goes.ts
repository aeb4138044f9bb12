import type { Scenario } from '../scenario.ts'
import { guestLife, UP } from './steps.ts'

export const GUEST_COMES_AND_GOES: Scenario = {
  name: 'guest-comes-and-goes',
  sentence:
    'A guest is launched on a host that is all optimised, uses its memory, and is destroyed; the hypervisor writes to a page of it, on one CPU through a 2M mapping.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  writes: [
    { cpu: 0, page: 0 },
    { cpu: 1, page: 0, mapping: '2M' },
  ],
  events: [{ name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 2 }) }],
}

export const THREE_CORES: Scenario = {
  name: 'three-cores',
  sentence: 'The same on three cores, without writes.',
  machine: { cores: 3, regions: 2 },
  before: UP,
  events: GUEST_COMES_AND_GOES.events,
}
