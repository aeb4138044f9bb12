import {
  holding,
  type Kernel,
  REOPTIMISE_DELAY_NS,
  type Routine,
  regionsToScan,
  rmpoptCleanup,
  rmpoptHere,
  rmpoptOnMask,
  snpRmpoptAllPhysmem,
  snpSetupRmpopt,
} from '../../kernel/index.ts'
import { KEPT, type Policy } from '../policy.ts'
import { putBack, takeLeader } from './v3.ts'

/**
 * Revision 5 (May 2026). The request comes after DECOMMISSION; a mutex around setup, request and cleanup; setup returns early if already
 * set up; the tables are cleaned up on a full shutdown. [L v5]
 */
export const V5: Policy = {
  name: 'v5',
  summary: 'as v3, asked for after DECOMMISSION, under a mutex, with a cleanup on full shutdown',
  when: '10 s after the first teardown',
  what: 'all memory',
  who: 'leader, then followers',
  hotplug: 'ignored',
  setup: snpSetupRmpopt,
  work: rmpoptWorkHandler,
  vmDestroyed: (kernel) => snpRmpoptAllPhysmem(kernel, REOPTIMISE_DELAY_NS, 'keep'),
  cleanup: rmpoptCleanup,
  keptBytes: () => KEPT.cpumask + KEPT.delayedWork + KEPT.workqueue + KEPT.mutex,
}

/** As v3, the leader's loop with migration disabled, the followers' under the hotplug lock. [L v5] */
function* rmpoptWorkHandler(kernel: Kernel): Routine<void> {
  const regions = regionsToScan(kernel)
  yield { op: 'migrate-disable' }
  const { leader, wasInMask } = yield* takeLeader(kernel)
  kernel.tell.passBegins(leader, [regions])
  yield* rmpoptHere(kernel, leader, regions, { reschedules: false })
  yield { op: 'migrate-enable' }
  yield* holding(kernel.hotplugLock, 'shared', rmpoptOnMask(kernel, kernel.rmpopt.primaries, regions))
  if (wasInMask) putBack(kernel, leader)
  kernel.tell.passEnds()
}
