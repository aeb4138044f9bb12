import { snpRmpoptAllPhysmem } from '../../kernel/index.ts'
import type { Policy } from '../policy.ts'
import { V7 } from './v6.ts'

/** Revision 8 (15 June 2026). Every request restarts the ten seconds; CPU hotplug is disabled after SNP_INIT_EX. [L v8] */
export const V8: Policy = {
  ...V7,
  name: 'v8',
  summary: 'as v7, every request restarts the 10 s; hotplug disabled after each SNP_INIT_EX',
  when: '10 s after the last teardown',
  hotplug: 'after-init',
  vmDestroyed: (kernel) => snpRmpoptAllPhysmem(kernel),
}
