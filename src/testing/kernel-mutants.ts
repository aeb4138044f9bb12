/** Drivers and kernels that are wrong in one thing, each with a scenario in which it can be seen and the property that must see it. */
import { SCENARIOS, type Scenario } from '../check/index.ts'
import {
  holding,
  hotplugDisable,
  type Kernel,
  lock,
  onEachCpuMask,
  oneThreadPerCore,
  type RegionRange,
  type RmpoptDriver,
  type Routine,
  regionsToScan,
  rmpoptCleanup,
  rmpoptConfigure,
  rmpoptHere,
  rmpoptOnMask,
  rmpoptWorkHandler,
  smpProcessorId,
  snpRmpoptAllPhysmem,
} from '../kernel/index.ts'
import { has } from '../machine/index.ts'
import { policyNamed } from '../policy/index.ts'

export interface KernelMutant {
  readonly scenario: Scenario
  /** What is right; default: v10. */
  readonly right?: RmpoptDriver
  /** What is wrong; default: the right one, on a kernel that is wrong. */
  readonly wrong?: RmpoptDriver
  readonly mutate?: (kernel: Kernel) => void
  /** Default: whole, where the mutant is no matter of single instructions. */
  readonly instructions?: 'micro-steps'
  /** Properties that see it and hold of what is right; the first is the one that is about it. */
  readonly caughtBy: readonly string[]
  /** Where none does: why that is as it should be. */
  readonly harmlessBecause?: string
}

export const V10 = policyNamed('v10') as RmpoptDriver
export const scenarioNamed = (name: string) => SCENARIOS.find((scenario) => scenario.name === name) as Scenario
const guest = scenarioNamed('guest-comes-and-goes')
const hotplug = scenarioNamed('hotplug-around-init')
const UP = guest.before

/** RMPOPT is switched off on a host that stays up, while a pass is asked for. */
export const cleanup: Scenario = {
  name: 'cleanup-against-pass',
  sentence: 'Somebody asks for a pass, and RMPOPT is cleaned up.',
  machine: { cores: 2, regions: 1 },
  before: UP,
  events: [
    { name: 'request', routine: (kernel) => snpRmpoptAllPhysmem(kernel) },
    { name: 'cleanup', routine: (kernel) => kernel.driver.cleanup?.(kernel) ?? rmpoptCleanup(kernel) },
  ],
}

/** A handler like that of v10, with parts that may be wrong. */
interface Handler {
  readonly pins?: boolean
  readonly unpins?: boolean
  readonly regions?: (all: RegionRange) => RegionRange
  readonly followers?: (kernel: Kernel, leader: number) => Kernel['online']
  /** Each pass asks for the next. Default: none does. */
  readonly rearms?: boolean
}

function* handler(kernel: Kernel, how: Handler): Routine<void> {
  const { pins = true, unpins = pins, regions = (all) => all, followers, rearms = false } = how
  const { cpuSets, siblings } = ofTopology(kernel)
  const range = regions(regionsToScan(kernel))
  if (pins) yield { op: 'migrate-disable' }
  const leader = yield* smpProcessorId()
  const others = followers?.(kernel, leader) ?? cpuSets.minus(kernel.rmpopt.primaries, siblings(leader))
  kernel.tell.passBegins(leader, [range])
  yield* rmpoptHere(kernel, leader, range)
  yield* holding(kernel.hotplugLock, 'shared', rmpoptOnMask(kernel, others, range))
  if (unpins) yield { op: 'migrate-enable' }
  kernel.tell.passEnds()
  if (rearms) yield { op: 'delay-work', work: kernel.rmpopt.work, delayNs: 0, ifPending: 'restart' }
}

function ofTopology({ machine: { topology } }: Kernel) {
  return { cpuSets: topology.cpuSets, siblings: (cpu: number) => topology.siblings(cpu) }
}

const withHandler = (how: Handler): RmpoptDriver => ({ ...V10, work: (kernel) => handler(kernel, how) })

export const KERNEL_MUTANTS: Readonly<Record<string, KernelMutant>> = {
  'the request comes before DECOMMISSION': {
    scenario: guest,
    wrong: { ...V10, vmDestroyed: undefined, vmDestroying: (kernel) => snpRmpoptAllPhysmem(kernel) },
    caughtBy: ['convergence'],
  },
  'the worker is not pinned': { scenario: guest, wrong: withHandler({ pins: false }), caughtBy: ['convergence'] },
  'the worker stays pinned': { scenario: guest, wrong: withHandler({ unpins: false }), caughtBy: ['balance'] },
  'the pass leaves the first region out': {
    scenario: guest,
    wrong: withHandler({ regions: ({ first, end }) => ({ first: first + 1, end }) }),
    caughtBy: ['convergence', 'no lost request'],
  },
  'nobody follows': {
    scenario: guest,
    wrong: withHandler({ followers: (kernel) => ofTopology(kernel).cpuSets.none }),
    caughtBy: ['convergence'],
  },
  'the leader is not put back into the mask': {
    scenario: guest,
    wrong: withHandler({
      followers: (kernel, leader) => {
        const { cpuSets } = ofTopology(kernel)
        kernel.rmpopt.primaries = cpuSets.minus(kernel.rmpopt.primaries, cpuSets.of([leader]))
        return kernel.rmpopt.primaries
      },
    }),
    caughtBy: ['balance', 'convergence'],
  },
  'a request while the pass runs is dropped': {
    scenario: scenarioNamed('two-guests-end-together'),
    wrong: { ...V10, vmDestroyed: requestUnlessRunning },
    caughtBy: ['no lost request', 'convergence'],
  },
  'cleanup forgets to unlock': {
    scenario: cleanup,
    wrong: { ...V10, cleanup: keepsLock },
    caughtBy: ['balance', 'no deadlock', 'no lost request'],
  },
  'cleanup does not cancel the pass': {
    scenario: cleanup,
    wrong: { ...V10, cleanup: cleanupWithoutCancel },
    caughtBy: ['no fault'],
  },
  'the pass takes the mutex under which cleanup waits for it': {
    scenario: cleanup,
    wrong: { ...V10, work: (kernel) => holding(kernel.rmpopt.mutex, 'exclusive', rmpoptWorkHandler(kernel)) },
    caughtBy: ['no deadlock'],
  },
  'setup disables hotplug under cpus_read_lock': {
    scenario: hotplug,
    wrong: { ...V10, setup: (kernel) => holding(kernel.hotplugLock, 'shared', hotplugDisable(kernel)) },
    caughtBy: ['lock order', 'convergence', 'balance'],
  },
  'hotplug is not disabled': {
    scenario: hotplug,
    wrong: { ...V10, hotplug: 'ignored' },
    caughtBy: ['every core', 'no fault', 'convergence', 'no deadlock'],
  },
  'hotplug is disabled again and again': {
    scenario: scenarioNamed('both-shutdowns'),
    wrong: { ...V10, hotplug: 'after-init' },
    caughtBy: ['balance'],
  },
  'setup programs the first core only': {
    scenario: { ...hotplug, events: hotplug.events.slice(0, 1) },
    wrong: { ...V10, setup: setupOfOneCore },
    caughtBy: ['every core', 'convergence', 'no fault'],
  },
  'no request for pages that come back late': {
    scenario: guest,
    right: policyNamed('conversion-1s') as RmpoptDriver,
    wrong: V10,
    caughtBy: ['late memory'],
  },
  'the request is made, under its mutex, where an inode is freed': {
    scenario: guest,
    wrong: { ...V10, vmDestroyed: undefined, inodeFreed: (kernel) => snpRmpoptAllPhysmem(kernel) },
    caughtBy: ['no sleep in atomic'],
  },
  'a pass that comes again and again leaves the first region out': {
    scenario: guest,
    right: policyNamed('periodic-60s') as RmpoptDriver,
    wrong: withHandler({ regions: ({ first, end }) => ({ first: first + 1, end }), rearms: true }),
    caughtBy: ['convergence', 'no lost request'],
  },
  'RMPUPDATE leaves the tables as they are': {
    scenario: guest,
    mutate: ({ machine }) => {
      machine.tables.clear = () => {}
    },
    caughtBy: ['soundness', 'integrity', 'race guarantee'],
  },
  'RMPUPDATE leaves translations as they are': {
    scenario: guest,
    mutate: ({ machine }) => {
      machine.tlb.shootDown = () => 0
    },
    caughtBy: ['integrity'],
  },
  'a scan under way does not notice an RMPUPDATE': {
    scenario: { ...cleanup, events: [...cleanup.events.slice(0, 1), ...guest.events] },
    instructions: 'micro-steps',
    mutate: ({ machine: { tables, topology } }) => {
      tables.clear = (region) => {
        tables.sets[region] = topology.coreSets.none
        tables.cached[region] = 0
      }
    },
    caughtBy: ['race guarantee', 'soundness', 'integrity'],
  },
  'a CPU loses SNP_EN when a guest ends': {
    scenario: scenarioNamed('two-guests-end-together'),
    wrong: { ...V10, vmDestroyed: losesSnpEn },
    caughtBy: ['integrity', 'no fault'],
  },
}

function* requestUnlessRunning(kernel: Kernel): Routine<void> {
  kernel.tell.passRequested([regionsToScan(kernel)])
  if (!kernel.rmpopt.work.isRunning) yield* snpRmpoptAllPhysmem(kernel)
}

function* keepsLock(kernel: Kernel): Routine<void> {
  yield* lock(kernel.rmpopt.mutex)
  yield { op: 'cancel-work-sync', work: kernel.rmpopt.work }
}

function* cleanupWithoutCancel({ rmpopt }: Kernel): Routine<void> {
  yield* lock(rmpopt.mutex)
  yield* onEachCpuMask(rmpopt.primaries, { name: 'WRMSR', msr: 0xc001_0139, value: 0n })
  rmpopt.isConfigured = false
  yield { op: 'unlock', lock: rmpopt.mutex, how: 'exclusive' }
}

function* setupOfOneCore(kernel: Kernel): Routine<void> {
  const { rmpopt } = kernel
  const { online } = kernel
  kernel.online = ofTopology(kernel).cpuSets.of([0])
  yield* rmpoptConfigure(kernel)
  kernel.online = online
  rmpopt.primaries = oneThreadPerCore(kernel)
  rmpopt.isConfigured = true
  yield { op: 'delay-work', work: rmpopt.work, delayNs: 0, ifPending: 'keep' }
}

function* losesSnpEn(kernel: Kernel): Routine<void> {
  if (has(kernel.online, 1)) kernel.machine.cpus[1].snpEn = false
  yield* snpRmpoptAllPhysmem(kernel)
}
