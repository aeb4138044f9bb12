// A scenario of your own: a guest ends and another one takes its memory, while a CPU goes offline.
import { guestLife, launched, UP } from 'rmpopt/check'
import { cpuDown, kvmDestroyVm } from 'rmpopt/kernel'

/** @type {import('rmpopt/check').Scenario} */
export default {
  name: 'replaced-guest',
  sentence: 'A guest ends and another one takes its memory, while a CPU goes offline.',
  machine: { cores: 2, regions: 1 },
  instructions: 'whole', // RMPOPT and RMPUPDATE race in other scenarios
  before: [...UP, launched({ id: 0, pages: 2 })],
  events: [
    {
      name: 'guests',
      *routine(kernel, [first]) {
        yield* kvmDestroyVm(kernel, first)
        yield* guestLife(kernel, { id: 1, pages: 2 })
      },
    },
    { name: 'cpu_down', routine: (kernel) => cpuDown(kernel, 1) },
  ],
}
