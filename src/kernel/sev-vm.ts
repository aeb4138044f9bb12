import type { Gpa, Pfn } from '../arch/index.ts'
import { kvmGmemFreeInodes, kvmGmemRelease } from './gmem.ts'
import { Guest } from './guest.ts'
import type { Kernel } from './kernel.ts'
import type { Extent } from './memory/index.ts'
import { firmware, holding, launchUpdateRun, lock, type Routine, rmpupdateRun, unlock } from './ops.ts'
import { rmpMakePrivate, rmpMakeShared, snpLeakPages, snpLookupRmpentry, snpReclaimPage } from './rmp-ops.ts'
import { regionsOf } from './rmpopt-driver.ts'
import { dfFlush } from './sev-dev.ts'

/** What a guest is launched with. */
export interface LaunchSpec {
  readonly id: number
  readonly vcpus: number
  /** System memory for its guest_memfd, in guest order. */
  readonly memory: readonly Extent[]
  /** Guest pages, from 0 on, that make up the launch image. */
  readonly imagePages: number
}

/** A guest that was not launched. */
export interface LaunchFailure {
  readonly failed: string
  /** The guest's memory was not used yet, and still is the caller's; otherwise it has been given back. */
  readonly memoryIsUntouched: boolean
}

/** Where a vCPU's state page lies for the guest: at the top of its address space, one page each (`INITIAL_VMSA_GPA`) [K]. */
const INITIAL_VMSA_GPA: Gpa = 0xf_ffff_f000

/**
 * Launches an SNP guest: ASID, context, launch image, VMSAs. [K]
 * @returns the running guest, or why it could not be launched; then nothing of it is left but leaked pages
 */
export function* sevSnpLaunch(kernel: Kernel, spec: LaunchSpec): Routine<Guest | LaunchFailure> {
  if (!kernel.snpInitialised) return { failed: 'SNP is not initialised', memoryIsUntouched: true }
  const asid = yield* sevAsidNew(kernel)
  if (asid === undefined) return { failed: 'no free ASID', memoryIsUntouched: true }
  const context = yield* snpContextCreate(kernel)
  if (context === undefined) {
    yield* sevAsidFree(kernel, asid)
    return { failed: 'no context page', memoryIsUntouched: true }
  }
  const guest = new Guest(spec.id, asid, spec.vcpus, spec.memory, context)
  const problem = yield* launch(kernel, guest, Math.min(spec.imagePages, guest.pages))
  if (problem !== undefined) {
    yield* kvmDestroyVm(kernel, guest)
    return { failed: problem, memoryIsUntouched: false }
  }
  kernel.tell.guestLaunched(guest)
  return guest
}

function* launch(kernel: Kernel, guest: Guest, imagePages: number): Routine<string | undefined> {
  const context = guest.context * kernel.machine.geometry.pageBytes
  const activated = yield* firmware({ name: 'SNP_ACTIVATE', context, asid: guest.asid })
  if (activated !== 'SUCCESS') return `SNP_ACTIVATE: ${activated}`
  const imageProblem = yield* snpLaunchUpdate(kernel, guest, imagePages)
  if (imageProblem !== undefined) return imageProblem
  for (let vcpu = 0; vcpu < guest.vcpus; vcpu++) {
    const page = kernel.memory.allocateKernelPage('snp')
    if (page === undefined) return 'no memory for a VMSA'
    kernel.tell.kernelPage(page, 1)
    guest.vmsas.push(page)
    if (!(yield* snpLaunchUpdateVmsa(kernel, guest, page))) return 'SNP_LAUNCH_UPDATE of a VMSA failed'
  }
  const finished = yield* firmware({ name: 'SNP_LAUNCH_FINISH', context })
  return finished === 'SUCCESS' ? undefined : `SNP_LAUNCH_FINISH: ${finished}`
}

/** `sev_asid_new`: when all are used, those of ended guests come back after a flush, under the lock. [K] */
function* sevAsidNew(kernel: Kernel): Routine<number | undefined> {
  return yield* holding(kernel.asids.lock, 'exclusive', takeAsid(kernel))
}

function* takeAsid(kernel: Kernel): Routine<number | undefined> {
  const asid = kernel.asids.take()
  if (asid !== undefined || !kernel.asids.isWorthFlushing) return asid
  if (!(yield* dfFlush(kernel))) return undefined // they stay dirty: a later flush may free them
  kernel.asids.recycle()
  return kernel.asids.take()
}

/** `sev_asid_free` [K] */
function* sevAsidFree(kernel: Kernel, asid: number): Routine<void> {
  yield* lock(kernel.asids.lock)
  kernel.asids.free(asid)
  yield* unlock(kernel.asids.lock)
}

/** `snp_context_create`: a page becomes the firmware's, then the guest's context. [K] */
function* snpContextCreate(kernel: Kernel): Routine<Pfn | undefined> {
  const page = kernel.memory.allocateKernelPage('snp')
  if (page === undefined) return undefined
  kernel.tell.kernelPage(page, 1)
  const isFirmwares = yield* rmpMakePrivate(kernel, page, 0, '4K', 0, true)
  const context = page * kernel.machine.geometry.pageBytes
  if (isFirmwares && (yield* firmware({ name: 'SNP_GCTX_CREATE', context })) === 'SUCCESS') return page
  yield* freeKernelPage(kernel, page, isFirmwares ? yield* snpReclaimPage(kernel, page) : true)
  return undefined
}

/** `snp_launch_update`: the image is made private 4K and immutable, and handed to the firmware, which measures it. [K] @returns why not, if not */
function* snpLaunchUpdate(kernel: Kernel, guest: Guest, imagePages: number): Routine<string | undefined> {
  const { hugePages, pageBytes } = kernel.machine.geometry
  const context = guest.context * pageBytes
  for (let page = 0; page < imagePages; ) {
    const pfn = guest.pfnOf(page)
    const pages = Math.min(hugePages - (pfn % hugePages), guest.contiguousFrom(page), imagePages - page)
    const gpa = page * pageBytes
    const input = { gpa, assigned: true, size: '4K', immutable: true, asid: guest.asid } as const
    guest.populated = page + pages
    const made = yield* rmpupdateRun({ name: 'RMPUPDATE', rax: pfn * pageBytes, input }, pages)
    const command = { name: 'SNP_LAUNCH_UPDATE', context, page: pfn * pageBytes, gpa, vmsa: false } as const
    const status = made === pages ? yield* launchUpdateRun(command, pages) : undefined
    if (status !== 'SUCCESS') {
      yield* reclaimImage(kernel, pfn, pages)
      return status === undefined ? 'RMPUPDATE of the launch image failed' : `SNP_LAUNCH_UPDATE: ${status}`
    }
    page += pages
  }
  return undefined
}

/** Pages of the image that the firmware did not take are still Pre-Guest: it hands them back first. [K, APM] */
function* reclaimImage(kernel: Kernel, pfn: Pfn, pages: number): Routine<void> {
  for (let page = pfn; page < pfn + pages; page++) {
    const entry = yield* snpLookupRmpentry(kernel, page)
    if (entry?.assigned && entry.immutable) yield* snpReclaimPage(kernel, page)
  }
}

/** `snp_launch_update_vmsa`, for one vCPU. [K] */
function* snpLaunchUpdateVmsa(kernel: Kernel, guest: Guest, pfn: Pfn): Routine<boolean> {
  const { pageBytes } = kernel.machine.geometry
  if (!(yield* rmpMakePrivate(kernel, pfn, INITIAL_VMSA_GPA, '4K', guest.asid, true))) return false
  const context = guest.context * pageBytes
  const command = { name: 'SNP_LAUNCH_UPDATE', context, page: pfn * pageBytes, gpa: INITIAL_VMSA_GPA, vmsa: true } as const
  return (yield* firmware(command)) === 'SUCCESS'
}

/** `kvm_destroy_vm`: the vCPUs go, the VM is destroyed, and its memory comes back. [K] */
export function* kvmDestroyVm(kernel: Kernel, guest: Guest): Routine<void> {
  for (const vmsa of guest.vmsas) yield* sevFreeVcpu(kernel, vmsa)
  yield* sevVmDestroy(kernel, guest)
  kernel.tell.guestDestroyed(guest)
  yield* kvmGmemRelease(kernel, guest)
  yield* kvmGmemFreeInodes(kernel)
}

/** `sev_free_vcpu`: the VMSA page back to the hypervisor; one the launch left immutable is reclaimed first. [K] */
function* sevFreeVcpu(kernel: Kernel, vmsa: Pfn): Routine<void> {
  const isShared = (yield* rmpMakeShared(kernel, vmsa, '4K')) || (yield* snpReclaimPage(kernel, vmsa))
  yield* freeKernelPage(kernel, vmsa, isShared)
}

/** `sev_vm_destroy`: decommissions the context, frees its page and the ASID; RMPOPT's driver is told before and after. [K, L v3–v9] */
export function* sevVmDestroy(kernel: Kernel, guest: Guest): Routine<void> {
  const { driver } = kernel
  if (driver.vmDestroying) yield* driver.vmDestroying(kernel)
  const context = guest.context * kernel.machine.geometry.pageBytes
  const status = yield* firmware({ name: 'SNP_DECOMMISSION', context })
  if (status !== 'SUCCESS') {
    snpLeakPages(kernel, guest.context, 1) // and the ASID with it [K]
    return
  }
  yield* freeKernelPage(kernel, guest.context, yield* snpReclaimPage(kernel, guest.context))
  yield* sevAsidFree(kernel, guest.asid)
  if (driver.vmDestroyed) yield* driver.vmDestroyed(kernel, () => regionsOf(kernel, guest))
}

// biome-ignore lint/correctness/useYield: a routine like its callers
function* freeKernelPage(kernel: Kernel, pfn: Pfn, isShared: boolean): Routine<void> {
  if (isShared) {
    kernel.memory.freeKernelPage(pfn)
    kernel.tell.kernelPage(pfn, -1)
  } else snpLeakPages(kernel, pfn, 1)
}
