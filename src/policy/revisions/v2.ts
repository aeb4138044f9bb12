import { canRmpopt, type Kernel, programBase, type Routine, regionsToScan, rmpoptRange } from '../../kernel/index.ts'
import { KEPT, type Policy } from '../policy.ts'
import { broadcastPass, wake } from './v1.ts'

/**
 * Revision 2 (2 March 2026). One base for all CPUs, at most 2 TiB scanned, by broadcast to all online CPUs, both threads of a core. A
 * freed guest_memfd inode wakes the thread. [L v2]
 */
export const V2: Policy = {
  name: 'v2',
  summary: 'a kernel thread, woken by every freed guest_memfd inode; broadcast to all CPUs',
  when: 'each freed inode, at once',
  what: 'all memory',
  who: 'broadcast, both threads',
  snpEnable: 'boot',
  hotplug: 'snp-en-callback',
  booted: startThread,
  setup: ({ rmpopt }) => wake(rmpopt.thread),
  thread: rmpoptKthread,
  inodeFreed,
  keptBytes: () => KEPT.kthread,
}

function* startThread(kernel: Kernel): Routine<void> {
  if (!canRmpopt(kernel)) return
  const { rmpopt } = kernel
  rmpopt.range = rmpoptRange(kernel)
  yield* programBase(kernel, kernel.online, rmpopt.range.start)
  rmpopt.isConfigured = true
  yield { op: 'kthread-run', thread: rmpopt.thread }
}

function* rmpoptKthread(kernel: Kernel): Routine<void> {
  const { thread } = kernel.rmpopt
  for (;;) {
    yield* broadcastPass(kernel, () => kernel.online)
    yield { op: 'set-sleeping', thread }
    yield { op: 'schedule', thread }
  }
}

/** The cleanup callback of guest_memfd wakes the thread if SNP is on. [L v2] */
function* inodeFreed(kernel: Kernel): Routine<void> {
  if (!kernel.snpInitialised || !kernel.rmpopt.isConfigured) return
  kernel.tell.passRequested([regionsToScan(kernel)])
  yield* wake(kernel.rmpopt.thread)
}
