/** Further kernels that are wrong in one thing: locks dropped, orders swapped, waits missing, work that nobody queues. */
import { MSR_RMPOPT_BASE } from '../arch/index.ts'
import {
  holding,
  type Kernel,
  type Lock,
  onEachCpuMask,
  type RmpoptDriver,
  type Routine,
  regionsToScan,
  rmpoptConfigure,
  rmpoptHere,
  rmpoptOnMask,
  smpProcessorId,
  snpRmpoptAllPhysmem,
} from '../kernel/index.ts'
import { cleanup, type KernelMutant, scenarioNamed, V10 } from './kernel-mutants.ts'

const hotplug = scenarioNamed('hotplug-around-init')
const again = scenarioNamed('full-shutdown-and-init')
const firstInit = scenarioNamed('offline-at-boot')
const guestsEnd = scenarioNamed('two-guests-end-together')

export const ORDER_MUTANTS: Readonly<Record<string, KernelMutant>> = {
  'setup, request and cleanup take no mutex': {
    scenario: cleanup,
    mutate: ({ rmpopt }) => drop(rmpopt.mutex),
    caughtBy: ['no fault'],
  },
  'initialisation takes no mutex': {
    scenario: firstInit,
    mutate: ({ firmwareMutex }) => drop(firmwareMutex),
    caughtBy: ['convergence'],
  },
  'cpu_hotplug_disable and hotplug take no outer lock': {
    scenario: hotplug,
    mutate: ({ hotplugOuterLock }) => drop(hotplugOuterLock),
    caughtBy: ['every core', 'no fault', 'convergence', 'no deadlock'],
  },
  'hotplug is disabled after SNP_INIT_EX only': {
    scenario: hotplug,
    wrong: { ...V10, hotplug: 'once-after-init' },
    caughtBy: ['every core', 'no fault', 'convergence'],
  },
  'nobody asks for a pass': { scenario: guestsEnd, wrong: { ...V10, vmDestroyed: undefined }, caughtBy: ['convergence'] },
  'setup queues no pass': {
    scenario: firstInit,
    wrong: { ...V10, setup: (kernel) => underMutex(kernel, setup(kernel, ['program'])) },
    caughtBy: ['convergence'],
  },
  'setup queues the pass before it programs the tables': {
    scenario: firstInit,
    wrong: { ...V10, setup: (kernel) => underMutex(kernel, setup(kernel, ['queue', 'program'])) },
    caughtBy: ['no fault', 'convergence'],
  },
  'cleanup cancels the pass, and does not wait for it': {
    scenario: cleanup,
    wrong: { ...V10, cleanup: (kernel) => underMutex(kernel, cleanUp(kernel, ['cancel', 'disable', 'forget'])) },
    caughtBy: ['no fault'],
  },
  'cleanup disables the tables before it cancels the pass': {
    scenario: cleanup,
    wrong: { ...V10, cleanup: (kernel) => underMutex(kernel, cleanUp(kernel, ['disable', 'cancel sync', 'forget'])) },
    caughtBy: ['no fault'],
  },
  'cleanup leaves RMPOPT set up': {
    scenario: again,
    wrong: { ...V10, cleanup: (kernel) => underMutex(kernel, cleanUp(kernel, ['cancel sync', 'disable'])) },
    caughtBy: ['every core', 'no lost request', 'convergence', 'late memory'],
  },
  'nothing is cleaned up': {
    scenario: again,
    wrong: { ...V10, cleanup: undefined },
    caughtBy: ['balance', 'convergence', 'late memory'],
  },
  'the interrupts of the followers are not waited for': {
    scenario: cleanup,
    wrong: withoutWait(),
    caughtBy: ['no fault'],
  },
  'a request leaves a timer that runs as it is (queue_delayed_work)': {
    scenario: guestsEnd,
    wrong: { ...V10, vmDestroyed: (kernel) => snpRmpoptAllPhysmem(kernel, 0, 'keep') },
    caughtBy: [],
    harmlessBecause:
      'to the adversary a timer that runs may fire any time, restarted or not. What the restart is worth is a matter of time: `rmpopt compare` with v7 and v8.',
  },
  'the pass takes no cpus_read_lock': {
    scenario: scenarioNamed('hotplug-and-pass'),
    wrong: { ...V10, work: (kernel) => pass(kernel, ['lead', 'follow']) },
    caughtBy: [],
    harmlessBecause: 'v10 disables hotplug while work can run, and a cross call leaves out who is offline.',
  },
  'the followers go first': {
    scenario: scenarioNamed('guest-comes-and-goes'),
    wrong: { ...V10, work: (kernel) => pass(kernel, ['follow', 'lead']) },
    caughtBy: [],
    harmlessBecause: 'it only costs time: every follower scans for itself.',
  },
  'cleanup leaves the tables enabled': {
    scenario: again,
    wrong: { ...V10, cleanup: (kernel) => underMutex(kernel, cleanUp(kernel, ['cancel sync', 'forget'])) },
    caughtBy: ['balance'],
  },
}

/** A lock that everybody has at once. */
function drop(lock: Lock): void {
  lock.acquire = () => true
  lock.release = () => []
}

function* underMutex({ rmpopt }: Kernel, body: Routine<void>): Routine<void> {
  yield* holding(rmpopt.mutex, 'exclusive', body)
}

function* setup(kernel: Kernel, steps: readonly ('program' | 'queue')[]): Routine<void> {
  const { rmpopt } = kernel
  if (rmpopt.isConfigured) return
  rmpopt.isConfigured = true
  for (const step of steps) {
    if (step === 'program') yield* rmpoptConfigure(kernel)
    else yield { op: 'delay-work', work: rmpopt.work, delayNs: 0, ifPending: 'keep' }
  }
}

function* cleanUp({ rmpopt }: Kernel, steps: readonly ('cancel' | 'cancel sync' | 'disable' | 'forget')[]): Routine<void> {
  if (!rmpopt.isConfigured) return
  for (const step of steps) {
    if (step === 'cancel') rmpopt.work.cancel()
    if (step === 'cancel sync') yield { op: 'cancel-work-sync', work: rmpopt.work }
    if (step === 'disable') yield* onEachCpuMask(rmpopt.primaries, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 0n })
    if (step === 'forget') rmpopt.isConfigured = false
  }
}

/** The handler of v10 without cpus_read_lock, its two halves in some order. */
function* pass(kernel: Kernel, halves: readonly ('lead' | 'follow')[]): Routine<void> {
  const regions = regionsToScan(kernel)
  yield { op: 'migrate-disable' }
  const leader = yield* smpProcessorId()
  kernel.tell.passBegins(leader, [regions])
  for (const half of halves) {
    if (half === 'lead') yield* rmpoptHere(kernel, leader, regions)
    else yield* rmpoptOnMask(kernel, followersOf(kernel, leader), regions)
  }
  yield { op: 'migrate-enable' }
  kernel.tell.passEnds()
}

function followersOf({ rmpopt, machine: { topology } }: Kernel, leader: number): Kernel['online'] {
  return topology.cpuSets.minus(rmpopt.primaries, topology.siblings(leader))
}

/** The handler sends the followers off and is done; what they do goes on by itself. */
function withoutWait(): RmpoptDriver {
  return {
    ...V10,
    *work(kernel) {
      yield* pass(kernel, ['lead'])
      yield { op: 'kthread-run', thread: kernel.rmpopt.thread }
    },
    thread: (kernel) => rmpoptOnMask(kernel, kernel.rmpopt.primaries, regionsToScan(kernel)),
  }
}
