import {
  allOfMemory,
  canRmpopt,
  type Kernel,
  oneThreadPerCore,
  type Routine,
  regionsToScan,
  rmpoptOnMask,
  smpProcessorId,
} from '../../kernel/index.ts'
import { programBaseV1 } from '../base.ts'
import { KEPT, type Policy } from '../policy.ts'

/**
 * Revision 1 (17 February 2026). A kernel thread goes over all of memory once at boot, and again when SNP_INIT_EX has completed or
 * somebody writes 1 to a configfs file. Nothing re-optimises by itself. [L v1]
 */
export const V1: Policy = {
  name: 'v1',
  summary: 'a kernel thread, at boot, after SNP_INIT_EX and by hand; per-socket bases beyond 2 TiB',
  when: 'at init, by hand',
  what: 'all memory',
  who: 'broadcast, one thread a core',
  snpEnable: 'boot',
  hotplug: 'snp-en-callback',
  threadOfCore: 'first-online',
  booted: startThread,
  setup: ({ rmpopt }) => wake(rmpopt.thread),
  thread: rmpoptKthread,
  listsOneTooMany: true,
  keptBytes: () => KEPT.cpumask + KEPT.kthread,
}

/** At the end of `snp_rmptable_init`. The mask is made once: CPUs that come online later are not in it. [L v1] */
function* startThread(kernel: Kernel): Routine<void> {
  if (!canRmpopt(kernel)) return
  const { rmpopt } = kernel
  rmpopt.primaries = oneThreadPerCore(kernel)
  rmpopt.range = allOfMemory(kernel)
  yield* programBaseV1(kernel, rmpopt.primaries)
  rmpopt.isConfigured = true
  yield { op: 'kthread-run', thread: rmpopt.thread }
}

/** Forever: a pass, `in_progress = 0`, then to sleep. [L v1] */
function* rmpoptKthread(kernel: Kernel): Routine<void> {
  const { rmpopt } = kernel
  for (;;) {
    yield* broadcastPass(kernel, () => rmpopt.primaries)
    rmpopt.isInProgress = false
    yield { op: 'set-sleeping', thread: rmpopt.thread }
    yield { op: 'schedule', thread: rmpopt.thread }
  }
}

/** Every region on every CPU of the mask, by one broadcast a region. [L v1, v2] */
export function* broadcastPass(kernel: Kernel, mask: () => Kernel['online']): Routine<void> {
  const regions = regionsToScan(kernel)
  kernel.tell.passBegins(yield* smpProcessorId(), [regions])
  yield* rmpoptOnMask(kernel, mask, regions)
  kernel.tell.passEnds()
}

/** A request is a wake-up. [L v1, v2] */
export function* wake(thread: Kernel['rmpopt']['thread']): Routine<void> {
  yield { op: 'wake-up-process', thread }
}

/** Somebody writes 1 to the configfs file: a pass is asked for unless one is under way. [L v1] */
export function* rmpoptConfigfsWrite(kernel: Kernel): Routine<void> {
  const { rmpopt, tell } = kernel
  if (rmpopt.isInProgress) return
  rmpopt.isInProgress = true
  tell.passRequested([regionsToScan(kernel)])
  yield* wake(rmpopt.thread)
}
