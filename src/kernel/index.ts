/** The host software, as routines that yield operations to whoever drives them. */
export { KernelListener, tellAll } from './events.ts'
export { kvmConvertToShared, kvmGmemPopulate } from './gmem.ts'
export { Guest } from './guest.ts'
export { cpuDown, cpuUp, hotplugDisable, hotplugEnable, onlineOf } from './hotplug.ts'
export { Kernel, type KernelSpec } from './kernel.ts'
export type { Loop } from './loop.ts'
export * from './memory/index.ts'
export * from './ops.ts'
export { snpPrepare, snpRmptableInit } from './rmp-init.ts'
export * from './rmpopt.ts'
export type { GuestRegions, HotplugRule, RmpoptDriver } from './rmpopt-driver.ts'
export {
  allCpusPass,
  batchedPass,
  leaderFollowersPass,
  leaderThenSuccessesPass,
  type PassLoop,
  type RegionSpan,
  serialPass,
} from './rmpopt-loops.ts'
export * from './rmpopt-pass.ts'
export { sevSnpInit, sevSnpShutdown } from './sev-dev.ts'
export { kvmDestroyVm, type LaunchFailure, type LaunchSpec, sevSnpLaunch } from './sev-vm.ts'
export { DelayedWork, KThread, Lock } from './sync.ts'
