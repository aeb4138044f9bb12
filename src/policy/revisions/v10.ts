import { rmpoptCleanup, rmpoptWorkHandler, snpRmpoptAllPhysmem, snpSetupRmpopt } from '../../kernel/index.ts'
import { KEPT, type Policy } from '../policy.ts'

/**
 * Revision 10 (July 2026). When: once SNP is initialised, then 10 s after the last guest that ended. What: all memory a
 * table reaches. Who: the worker's core leads, then all other cores follow by one broadcast a region. CPU hotplug is disabled before
 * SNP_EN is set. [L v10]
 */
export const V10: Policy = {
  name: 'v10',
  summary: 'the published driver: a pass over all memory 10 s after the last guest ended',
  when: '10 s after the last teardown',
  what: 'all memory',
  who: 'leader, then followers',
  hotplug: 'before-snp-en',
  setup: snpSetupRmpopt,
  work: rmpoptWorkHandler,
  vmDestroyed: (kernel) => snpRmpoptAllPhysmem(kernel),
  cleanup: rmpoptCleanup,
  keptBytes: () => KEPT.cpumask + KEPT.delayedWork + KEPT.workqueue + KEPT.mutex,
}

/** Revision 9 (24 June 2026). The reduced handler, as v10; hotplug is disabled once, only after SNP_INIT_EX succeeded. [L v9] */
export const V9: Policy = {
  ...V10,
  name: 'v9',
  summary: 'as v10, but hotplug is disabled only after SNP_INIT_EX succeeded',
  hotplug: 'once-after-init',
}
