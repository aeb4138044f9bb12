import { kvmDestroyVm } from '../../../kernel/index.ts'
import type { Scenario } from '../scenario.ts'
import { launched, UP } from './steps.ts'

export const TWO_GUESTS_END_TOGETHER: Scenario = {
  name: 'two-guests-end-together',
  sentence: 'Two guests run, and end close together: the second request may come while the first pass runs.',
  machine: { cores: 2, regions: 2 },
  before: [...UP, launched({ id: 0, pages: 2 }), launched({ id: 1, pages: 2 })],
  events: [
    { name: 'guest A', routine: (kernel, [guest]) => kvmDestroyVm(kernel, guest) },
    { name: 'guest B', routine: (kernel, [, guest]) => kvmDestroyVm(kernel, guest) },
  ],
}
