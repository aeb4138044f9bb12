import { composePolicy, passOverAll } from './axes/compose.ts'
import { type PolicySpec, WHOS } from './axes/spec.ts'
import { asksAfterEachInit, CLEANS_UP_FIRST, mended, TAKES_FIRST_ONLINE_THREAD } from './mended.ts'

/** Cores that share a last-level cache on the servers here, as `cpu_llc_shared_mask` would say [A]. */
const LLC_CORES = 32

const SPEC: PolicySpec = {
  name: 'marked',
  summary: 'conversions mark their region; 1 s after the first, leader, then successes, one LLC at a time',
  when: { at: 'conversion', delayS: 1, after: 'first' },
  what: 'dirty',
  who: { ...WHOS['leader-successes'], reach: 'groups', groupCores: LLC_CORES },
  base: 'lowest',
}

/**
 * What we would send as v11. Whoever makes a page shared marks its region in a bitmap and, if no work is pending, queues it for
 * a second later. The work takes the marks; the CPU it runs on leads over the marked regions; where it succeeded the other cores follow,
 * the cores of one last-level cache at a time.
 *
 * Every region that becomes free is marked when its last page is made shared, so that none is forgotten, however late a large
 * guest's pages come back; regions nobody touched are left alone; and a CPU waits in a queue of 32, not of 512. Setup and
 * cleanup are v10's with the changes that make their checks pass.
 */
export const MARKED = mended(composePolicy(SPEC), [
  asksAfterEachInit((kernel) => passOverAll(kernel, SPEC)),
  CLEANS_UP_FIRST,
  TAKES_FIRST_ONLINE_THREAD,
])
