import { cpuDown, cpuUp, type Kernel, kvmDestroyVm, type Routine, sevSnpInit, sevSnpShutdown } from '../../../kernel/index.ts'
import type { Scenario } from '../scenario.ts'
import { guestLife, launched, pause, UP } from './steps.ts'

/** Shut down, and some time later initialised again. */
function* again(kernel: Kernel, kind: 'full' | 'legacy'): Routine<void> {
  yield* sevSnpShutdown(kernel, kind)
  yield* pause()
  yield* sevSnpInit(kernel)
}

export const FULL_SHUTDOWN: Scenario = {
  name: 'full-shutdown-and-init',
  sentence: 'The last guest ends, SNP is shut down for good while the pass may run, and initialised again later.',
  machine: { cores: 2, regions: 2 },
  before: [...UP, launched({ id: 0, pages: 2 })],
  events: [
    {
      name: 'host',
      *routine(kernel, [guest]) {
        yield* kvmDestroyVm(kernel, guest)
        yield* again(kernel, 'full')
      },
    },
  ],
}

export const LEGACY_SHUTDOWN: Scenario = {
  name: 'legacy-shutdown-and-init',
  sentence:
    'SNP is shut down the legacy way, which leaves SNP_EN set, and initialised again later; a CPU goes offline and comes back.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [
    { name: 'host', routine: (kernel) => again(kernel, 'legacy') },
    { name: 'cpu_down', routine: (kernel) => cpuDown(kernel, 1) },
    { name: 'cpu_up', routine: (kernel) => cpuUp(kernel, 1) },
  ],
}

export const LEGACY_SHUTDOWN_DURING_PASS: Scenario = {
  name: 'legacy-shutdown-in-pass',
  sentence: 'A guest ends, and SNP is shut down the legacy way and initialised again, before, while or after the pass runs.',
  machine: { cores: 2, regions: 1 },
  before: [...UP, launched({ id: 0, pages: 2 })],
  events: [
    {
      name: 'host',
      *routine(kernel, [guest]) {
        yield* kvmDestroyVm(kernel, guest)
        yield* sevSnpShutdown(kernel, 'legacy')
        yield* sevSnpInit(kernel)
      },
    },
  ],
}

export const SHUTDOWN_REFUSED: Scenario = {
  name: 'shutdown-refused',
  sentence: 'One guest ends and another runs, while SNP is to be shut down for good: the firmware refuses.',
  machine: { cores: 2, regions: 3 },
  instructions: 'whole',
  before: [...UP, launched({ id: 0, pages: 6 }), launched({ id: 1, pages: 2 })],
  events: [
    { name: 'guest', routine: (kernel, [guest]) => kvmDestroyVm(kernel, guest) },
    { name: 'shutdown', routine: (kernel) => sevSnpShutdown(kernel, 'full') },
  ],
}

export const BOTH_SHUTDOWNS: Scenario = {
  name: 'both-shutdowns',
  sentence: 'SNP is shut down the legacy way and initialised again; then it is shut down for good, and a CPU goes offline.',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [
    {
      name: 'host',
      *routine(kernel) {
        yield* again(kernel, 'legacy')
        yield* sevSnpShutdown(kernel, 'full')
        yield* cpuDown(kernel, 1)
      },
    },
  ],
}

export const SHUTDOWN_UNDER_A_GUEST: Scenario = {
  name: 'shutdown-under-a-guest',
  sentence: 'SNP is shut down for good while a guest is being launched or ends: only the firmware minds.',
  notInLinux: 'the ccp module stays loaded as long as KVM uses it',
  machine: { cores: 2, regions: 2 },
  before: UP,
  events: [
    { name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 2 }) },
    { name: 'shutdown', routine: (kernel) => sevSnpShutdown(kernel, 'full') },
  ],
}
