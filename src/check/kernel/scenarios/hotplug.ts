import { cpuDown, cpuUp, sevSnpInit, snpRmptableFound } from '../../../kernel/index.ts'
import { enableSnp } from '../../../machine/index.ts'
import type { Scenario } from '../scenario.ts'
import { guestLife, UP } from './steps.ts'

export const HOTPLUG_AROUND_INIT: Scenario = {
  name: 'hotplug-around-init',
  sentence: 'The first thread of a core goes offline and comes back while SNP is initialised and the first pass runs.',
  machine: { cores: 2, threads: 2, regions: 1 },
  instructions: 'whole',
  before: [snpRmptableFound],
  events: [
    { name: 'init', routine: sevSnpInit },
    { name: 'cpu_down', routine: (kernel) => cpuDown(kernel, 1) },
    { name: 'cpu_up', routine: (kernel) => cpuUp(kernel, 1) },
  ],
}

export const HOTPLUG_AND_PASS: Scenario = {
  name: 'hotplug-and-pass',
  sentence: 'On a host that is up a guest comes and goes, and meanwhile a sibling goes offline and comes back.',
  machine: { cores: 2, threads: 2, regions: 2 },
  instructions: 'whole',
  before: UP,
  events: [
    { name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages: 2 }) },
    { name: 'cpu_down', routine: (kernel) => cpuDown(kernel, 0) },
    { name: 'cpu_up', routine: (kernel) => cpuUp(kernel, 0) },
  ],
}

export const OFFLINE_AT_BOOT: Scenario = {
  name: 'offline-at-boot',
  sentence: 'The host boots with one CPU of two online; SNP is initialised, and tried again once the other has come online.',
  machine: { cores: 2, regions: 2 },
  online: [0],
  before: [snpRmptableFound],
  events: [
    { name: 'init', routine: sevSnpInit },
    { name: 'cpu_up', routine: (kernel) => cpuUp(kernel, 1) },
    { name: 'second init', routine: sevSnpInit },
  ],
}

export const KEXEC: Scenario = {
  name: 'kexec',
  sentence:
    'A kernel booted by kexec finds SNP_EN set, and one of four threads offline; SNP is initialised, one CPU comes online, another goes offline.',
  machine: { cores: 2, threads: 2, regions: 1 },
  instructions: 'whole',
  online: [0, 2, 3],
  found: ({ machine }) => void enableSnp(machine, { init: false, rmpoptBase: undefined }),
  before: [snpRmptableFound],
  events: [
    { name: 'init', routine: sevSnpInit },
    { name: 'cpu_up', routine: (kernel) => cpuUp(kernel, 1) },
    { name: 'cpu_down', routine: (kernel) => cpuDown(kernel, 3) },
  ],
}
