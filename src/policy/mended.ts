import { type Kernel, type RmpoptDriver, type Routine, snpRmpoptAllPhysmem } from '../kernel/index.ts'
import type { Policy } from './policy.ts'
import { V10 } from './revisions/v10.ts'

/** A small change to a driver, after which a check passes that failed before. */
export interface Mend {
  /** A word or two. */
  readonly name: string
  /** What changes in the kernel, in one sentence. */
  readonly sentence: string
  readonly of: <D extends RmpoptDriver>(driver: D) => D
}

/** Every page that becomes the hypervisor's may be the last of its region, whoever makes it so; each request restarts the timer. */
export const ASKS_AT_CONVERSIONS: Mend = {
  name: 'asks at conversions',
  sentence: 'the request in rmp_make_shared, instead of in sev_vm_destroy',
  of: (driver) => ({ ...driver, vmDestroyed: undefined, madeShared: (kernel: Kernel) => snpRmpoptAllPhysmem(kernel) }),
}

/** Less than `ASKS_AT_CONVERSIONS`: enough for guests that end, once more when the memory is back, so that mostly the two requests are one pass. */
export const ASKS_WHEN_MEMORY_IS_BACK: Mend = {
  name: 'asks when memory is back',
  sentence: 'a second request at the end of the eviction of a guest_memfd inode, when all of its pages are shared again',
  of: (driver) => ({ ...driver, memoryReturned: (kernel: Kernel) => snpRmpoptAllPhysmem(kernel) }),
}

/** SNP_INIT_EX has cleared the tables, whether or not they were set up before. @param passOverAll asks for a pass over everything, now */
export const asksAfterEachInit = (passOverAll: (kernel: Kernel) => Routine<void>): Mend => ({
  name: 'asks after each init',
  sentence: 'setup that finds itself set up asks for a pass at once, instead of nothing, for SNP_INIT_EX has cleared the tables',
  of: (driver) => ({
    ...driver,
    *setup(kernel: Kernel) {
      const wasConfigured = kernel.rmpopt.isConfigured // under the firmware driver's mutex, like cleanup
      if (driver.setup) yield* driver.setup(kernel)
      if (wasConfigured) yield* passOverAll(kernel)
    },
  }),
})

/** No pass may be under way when the firmware clears SNP_EN. */
export const CLEANS_UP_FIRST: Mend = {
  name: 'cleans up first',
  sentence: 'cleanup before SNP_SHUTDOWN_EX instead of after, and setup again if the firmware refuses',
  of: (driver) => ({ ...driver, cleanup: undefined, shutdownBegins: driver.cleanup, shutdownRefused: driver.setup }),
}

export const TAKES_FIRST_ONLINE_THREAD: Mend = {
  name: 'takes the first online thread',
  sentence: 'setup programs each core by its first online thread, instead of its first thread if that is online',
  of: (driver) => ({ ...driver, threadOfCore: 'first-online' as const }),
}

/** What v10 needs; cleaning up first comes after what changes setup. */
export const MENDS: readonly Mend[] = [
  ASKS_AT_CONVERSIONS,
  asksAfterEachInit((kernel) => snpRmpoptAllPhysmem(kernel, 0)),
  CLEANS_UP_FIRST,
  TAKES_FIRST_ONLINE_THREAD,
]

export function mended<D extends RmpoptDriver>(driver: D, mends: readonly Mend[]): D {
  return mends.reduce((so, { of }) => of(so), driver)
}

/** The published driver with the smallest changes that make its checks pass (docs/findings.md). */
export const V10_MENDED: Policy = {
  ...mended(V10, MENDS),
  name: 'v10-mended',
  summary: 'v10 with the four small changes that make rmpopt check pass',
  when: '10 s after the last conversion',
}
