import {
  canRmpopt,
  type Kernel,
  REOPTIMISE_DELAY_NS,
  type Routine,
  regionsToScan,
  rmpoptConfigure,
  rmpoptHere,
  rmpoptOnMask,
  smpProcessorId,
} from '../../kernel/index.ts'
import { has, type IndexSet } from '../../machine/index.ts'
import { KEPT, type Policy } from '../policy.ts'

/**
 * Revision 3 (30 March 2026). A delayed work item on a dedicated unbound workqueue. `sev_vm_destroy` asks for a pass before it
 * decommissions the context; a request while the item is pending changes nothing. [L v3]
 */
export const V3: Policy = {
  name: 'v3',
  summary: 'delayed work, 10 s after the first guest that ends; leader, then followers',
  when: '10 s after the first teardown',
  what: 'all memory',
  who: 'leader, then followers',
  hotplug: 'ignored',
  setup,
  work: rmpoptWorkHandler,
  vmDestroying: request,
  keptBytes: () => KEPT.cpumask + KEPT.delayedWork + KEPT.workqueue,
}

/** Revision 4 (13 April 2026): no change of behaviour is known. [L v4] */
export const V4: Policy = { ...V3, name: 'v4', summary: 'as v3: no change of behaviour is known' }

/** After every SNP_INIT_EX, without a lock. [L v3] */
function* setup(kernel: Kernel): Routine<void> {
  if (!canRmpopt(kernel)) return
  yield* rmpoptConfigure(kernel)
  kernel.rmpopt.isConfigured = true
  yield { op: 'delay-work', work: kernel.rmpopt.work, delayNs: 0, ifPending: 'keep' }
}

/** The current CPU leads; if it is in the mask it is taken out of it for the duration. Nothing pins the worker. [L v3] */
function* rmpoptWorkHandler(kernel: Kernel): Routine<void> {
  const regions = regionsToScan(kernel)
  const { leader, wasInMask } = yield* takeLeader(kernel)
  kernel.tell.passBegins(leader, [regions])
  yield* rmpoptHere(kernel, leader, regions, { reschedules: false })
  yield* rmpoptOnMask(kernel, kernel.rmpopt.primaries, regions)
  if (wasInMask) putBack(kernel, leader)
  kernel.tell.passEnds()
}

/** Takes the current CPU out of the global mask. [L v3–v5] */
export function* takeLeader(kernel: Kernel): Routine<{ leader: number; wasInMask: boolean }> {
  const { rmpopt } = kernel
  const leader = yield* smpProcessorId()
  const wasInMask = has(rmpopt.primaries, leader)
  if (wasInMask) rmpopt.primaries = cpuSets(kernel).minus(rmpopt.primaries, only(kernel, leader))
  return { leader, wasInMask }
}

export function putBack(kernel: Kernel, leader: number): void {
  kernel.rmpopt.primaries = cpuSets(kernel).union(kernel.rmpopt.primaries, only(kernel, leader))
}

function cpuSets({ machine }: Kernel): Kernel['machine']['topology']['cpuSets'] {
  return machine.topology.cpuSets
}

function only(kernel: Kernel, cpu: number): IndexSet {
  return cpuSets(kernel).of([cpu])
}

/** `queue_delayed_work`: a pending item stays as it is. [L v3] */
function* request(kernel: Kernel): Routine<void> {
  const { rmpopt, tell } = kernel
  if (!rmpopt.isConfigured) return
  tell.passRequested([regionsToScan(kernel)])
  yield { op: 'delay-work', work: rmpopt.work, delayNs: REOPTIMISE_DELAY_NS, ifPending: 'keep' }
}
