import { rmpoptCleanup, snpRmpoptAllPhysmem, snpSetupRmpopt } from '../kernel/index.ts'
import type { Policy } from './policy.ts'

/**
 * Revision 10 (July 2026). When: once SNP is initialised, then 10 s after the last guest that ended. What: all memory a
 * table reaches. Who: the worker's core leads, then all other cores follow by one broadcast a region. [L v10]
 */
export const V10: Policy = {
  name: 'v10',
  summary: 'the published driver: a pass over all memory 10 s after the last guest ended',
  isOracle: false,
  setup: snpSetupRmpopt,
  vmDestroyed: snpRmpoptAllPhysmem,
  cleanup: rmpoptCleanup,
}
