import type { RegionIndex } from '../arch/index.ts'
import type { Guest } from './guest.ts'
import type { Kernel } from './kernel.ts'
import type { Routine } from './ops.ts'

/**
 * The code that drives RMPOPT, as far as the rest of the kernel sees it: a policy fills in when to re-optimise, what to
 * scan and who executes it. Each of its parts may be missing: then nothing happens there.
 */
export interface RmpoptDriver {
  readonly name: string
  /** One sentence for people. */
  readonly summary: string
  /** When the tree that it patches sets SNP_EN: as the host boots, or (default) just before SNP_INIT_EX [K, L v9]. */
  readonly snpEnable?: 'boot' | 'init'
  /** What the tree does about CPUs that come and go. Default: `before-snp-en`, as v10 does. */
  readonly hotplug?: HotplugRule
  /** Which thread stands for its core, in setup and in passes: the primary one, if it is online (default) [K], or the first that is [L v1]. */
  readonly threadOfCore?: 'primary' | 'first-online'
  /** The iterator of its debugfs file advances after testing for the end [L v1]. */
  readonly listsOneTooMany?: boolean
  /** Called at the end of `snp_rmptable_init` [L v1]. */
  booted?(kernel: Kernel): Routine<void>
  /** Called by the firmware driver when SNP_INIT_EX has succeeded. */
  setup?(kernel: Kernel): Routine<void>
  /** The body of the delayed work item. */
  work?(kernel: Kernel): Routine<void>
  /** The body of the kernel thread. */
  thread?(kernel: Kernel): Routine<void>
  /** Called by `sev_vm_destroy` before and after the guest's context is decommissioned. */
  vmDestroying?(kernel: Kernel): Routine<void>
  vmDestroyed?(kernel: Kernel, regions: GuestRegions): Routine<void>
  /** Called, in a task that may sleep, when all memory of an ended guest is the hypervisor's again: at the end of `evict_inode`. No revision asks for it [A]. */
  memoryReturned?(kernel: Kernel): Routine<void>
  /** Called when a guest_memfd inode is freed, after an RCU grace period [L v2]. */
  inodeFreed?(kernel: Kernel): Routine<void>
  /** Whether `madeShared` does something for each folio, in the path that frees it, rather than once for all pages. */
  readonly actsOnFolios?: boolean
  /** Called whenever `pages` pages of a region have been made shared. */
  madeShared?(kernel: Kernel, region: RegionIndex, pages: number): Routine<void>
  /** Called by the firmware driver before it issues SNP_SHUTDOWN_EX for a full shutdown, and if that was refused. No revision asks for it [A]. */
  shutdownBegins?(kernel: Kernel): Routine<void>
  shutdownRefused?(kernel: Kernel): Routine<void>
  /** Called by `snp_shutdown` on a full shutdown. */
  cleanup?(kernel: Kernel): Routine<void>
}

/** The regions that a guest's memory lies in, worked out when somebody asks. */
export type GuestRegions = () => readonly RegionIndex[]

/**
 * - `snp-en-callback`: a CPU that comes online later gets SNP_EN (v1, v2) [K]
 * - `ignored`: it does not, and may come all the same (v3 to v7) [L v9]
 * - `after-init`: hotplug is disabled each time SNP_INIT_EX has succeeded (v8), `once-after-init`: once (v9) [L v8, v9]
 * - `before-snp-en`: before SNP_EN is set, and at boot if it is set already (v10) [L v10]
 */
export type HotplugRule = 'snp-en-callback' | 'ignored' | 'after-init' | 'once-after-init' | 'before-snp-en'

/** The regions that the memory of a guest lies in, ascending. */
export function regionsOf({ machine }: Kernel, guest: Guest): RegionIndex[] {
  const { regionPages } = machine.geometry
  const regions = new Set<RegionIndex>()
  for (const { pfn, pages } of guest.memory) {
    for (let region = Math.floor(pfn / regionPages); region * regionPages < pfn + pages; region++) regions.add(region)
  }
  for (const pfn of [guest.context, ...guest.vmsas]) regions.add(Math.floor(pfn / regionPages))
  return [...regions].sort((a, b) => a - b)
}
