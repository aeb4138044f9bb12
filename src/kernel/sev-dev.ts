import { hotplugDisable, hotplugEnable } from './hotplug.ts'
import type { Kernel } from './kernel.ts'
import { firmware, holding, onEachCpuMask, type Routine } from './ops.ts'
import { snpPrepare } from './rmp-init.ts'

/** The firmware driver (ccp): `__sev_snp_init_locked`. @returns whether SNP is initialised [K, L v8–v10] */
export function* sevSnpInit(kernel: Kernel): Routine<boolean> {
  return yield* holding(kernel.firmwareMutex, 'exclusive', init(kernel))
}

function* init(kernel: Kernel): Routine<boolean> {
  if (!kernel.hostSnp) return false
  if (kernel.snpInitialised) return true
  if (!(yield* snpPrepare(kernel))) return false
  const { firmwareRanges, hvFixedRanges } = kernel
  const status = yield* firmware({ name: 'SNP_INIT_EX', firmwareRanges, hvFixedRanges })
  if (status !== 'SUCCESS') {
    kernel.log(`SEV-SNP: SNP_INIT_EX failed, status ${status}`)
    return false // hotplug stays disabled: SNP_EN is set [L v10]
  }
  yield* dfFlush(kernel)
  kernel.snpInitialised = true
  yield* disableHotplugAfterInit(kernel)
  if (kernel.driver.setup) yield* kernel.driver.setup(kernel)
  return true
}

/** v8 and v9 disable hotplug once SNP_INIT_EX has succeeded, v9 through a once-only flag. [L v8, v9] */
function* disableHotplugAfterInit(kernel: Kernel): Routine<void> {
  const { hotplug } = kernel.driver
  if (hotplug !== 'after-init' && (hotplug !== 'once-after-init' || kernel.hotplugDisabledBySnp)) return
  kernel.hotplugDisabledBySnp = true
  yield* hotplugDisable(kernel)
}

/** Writes back all caches and flushes the data fabric: needed before an ASID is used again. @returns whether they are [K] */
export function* dfFlush(kernel: Kernel): Routine<boolean> {
  yield* onEachCpuMask(kernel.online, { name: 'WBINVD' })
  return (yield* firmware({ name: 'SNP_DF_FLUSH' })) === 'SUCCESS'
}

/**
 * `__sev_snp_shutdown_locked`. The full kind (`x86_snp_shutdown`, newer firmware) clears SNP_EN on all cores and then runs
 * `snp_shutdown`; the legacy kind leaves SNP_EN set and only forgets that SNP is initialised. [L v5, v9]
 * @returns whether it was shut down; it is not while a guest is active
 */
export function* sevSnpShutdown(kernel: Kernel, kind: 'full' | 'legacy'): Routine<boolean> {
  return yield* holding(kernel.firmwareMutex, 'exclusive', shutdown(kernel, kind))
}

function* shutdown(kernel: Kernel, kind: 'full' | 'legacy'): Routine<boolean> {
  const { driver } = kernel
  if (!kernel.snpInitialised) return true
  if (kind === 'full' && driver.shutdownBegins) yield* driver.shutdownBegins(kernel)
  yield* onEachCpuMask(kernel.online, { name: 'WBINVD' })
  const status = yield* firmware({ name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: kind === 'full' })
  if (status !== 'SUCCESS') {
    kernel.log(`SEV-SNP: SNP_SHUTDOWN_EX failed, status ${status}`)
    if (kind === 'full' && driver.shutdownRefused) yield* driver.shutdownRefused(kernel)
    return false
  }
  kernel.snpInitialised = false
  if (kind === 'full') yield* snpShutdown(kernel)
  return true
}

/** `snp_shutdown`: RMPOPT is cleaned up, CPUs may come and go again. [L v5, v10] */
function* snpShutdown(kernel: Kernel): Routine<void> {
  kernel.tell.snpDisabled()
  if (kernel.driver.cleanup) yield* kernel.driver.cleanup(kernel)
  if (!kernel.hotplugDisabledBySnp) return
  kernel.hotplugDisabledBySnp = false
  yield* hotplugEnable(kernel)
}
