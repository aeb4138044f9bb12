import type { Kernel } from './kernel.ts'
import type { Routine } from './ops.ts'

/**
 * The code that drives RMPOPT, as far as the rest of the kernel sees it: a policy fills in when to re-optimise, what to
 * scan and who executes it.
 */
export interface RmpoptDriver {
  readonly name: string
  /** One sentence for people. */
  readonly summary: string
  /** Called by the firmware driver when SNP_INIT_EX has succeeded. */
  setup(kernel: Kernel): Routine<void>
  /** Called by `sev_vm_destroy` when the guest's context has been decommissioned. */
  vmDestroyed(kernel: Kernel): Routine<void>
  /** Called by `snp_shutdown` on a full shutdown. */
  cleanup(kernel: Kernel): Routine<void>
}
