import {
  FAIL_OVERLAP,
  type Gpa,
  logLeakingPfnRange,
  type PageSize,
  type Pfn,
  type ReturnCode,
  type RmpReadForm,
  SUCCESS,
} from '../arch/index.ts'
import type { Kernel } from './kernel.ts'
import { execute, firmware, loadRmpEntry, type Rmpupdate, type Routine } from './ops.ts'

/** `rmp_make_private`: the page or huge page belongs to a guest (asid ≠ 0) or the firmware (asid 0) now. @returns whether it does [K] */
export function* rmpMakePrivate(
  k: Kernel,
  pfn: Pfn,
  gpa: Gpa,
  size: PageSize,
  asid: number,
  immutable: boolean,
): Routine<boolean> {
  return (yield* rmpupdate(k, pfn, { gpa, assigned: true, size, immutable, asid })) === SUCCESS
}

/** `rmp_make_shared`: the page or huge page is the hypervisor's again. @returns whether it is [K] */
export function* rmpMakeShared(k: Kernel, pfn: Pfn, size: PageSize): Routine<boolean> {
  const code = yield* rmpupdate(k, pfn, { gpa: 0, assigned: false, size, immutable: false, asid: 0 })
  if (code === SUCCESS) yield* madeShared(k, pfn, size === '2M' ? k.machine.geometry.hugePages : 1)
  return code === SUCCESS
}

/** Tells RMPOPT's driver of pages of one huge page that are the hypervisor's again. */
export function* madeShared(kernel: Kernel, pfn: Pfn, pages: number): Routine<void> {
  const { driver, machine } = kernel
  if (driver.madeShared) yield* driver.madeShared(kernel, Math.floor(pfn / machine.geometry.regionPages), pages)
}

/** `rmpupdate`: Linux retries on FAIL_OVERLAP, which says that another CPU works on an overlapping entry. [K, APM] */
function* rmpupdate(kernel: Kernel, pfn: Pfn, input: Rmpupdate['input']): Routine<ReturnCode | undefined> {
  const rax = pfn * kernel.machine.geometry.pageBytes
  for (let attempt = 0; attempt < OVERLAP_RETRIES_MAX; attempt++) {
    const outcome = yield* execute({ name: 'RMPUPDATE', rax, input })
    if (outcome.kind === 'fault') return undefined
    if (outcome.eax !== FAIL_OVERLAP) return outcome.eax
  }
  return FAIL_OVERLAP
}

/** Linux would retry for ever. An overlap that no other CPU is about to resolve never ends; we give up and report it. */
const OVERLAP_RETRIES_MAX = 8

/** `snp_lookup_rmpentry`: what the RMP says of a page. An entry that does not exist reads as not assigned. [K] */
export function* snpLookupRmpentry(kernel: Kernel, pfn: Pfn): Routine<RmpReadForm | undefined> {
  const { hugePages } = kernel.machine.geometry
  const own = yield* read(kernel, pfn)
  if (own?.assigned || pfn % hugePages === 0) return own
  const large = yield* read(kernel, pfn - (pfn % hugePages)) // a 2M entry lives at the first page's slot [K]
  return large?.size === '2M' ? large : own
}

/** By RMPREAD; older CPUs leave it to software to load the raw entry. [K] */
function* read({ machine }: Kernel, pfn: Pfn): Routine<RmpReadForm | undefined> {
  const { pageBytes } = machine.geometry
  if (!machine.features.rmpread) return machine.isCovered(pfn * pageBytes, pageBytes) ? yield* loadRmpEntry(pfn) : undefined
  const outcome = yield* execute({ name: 'RMPREAD', rax: pfn * pageBytes })
  return outcome.kind === 'done' ? outcome.form : undefined
}

/** `psmash` of the 2M entry around a page, for a 4K conversion inside it. @returns whether the page has a 4K entry now [K] */
export function* snpRmptablePsmash(kernel: Kernel, pfn: Pfn): Routine<boolean> {
  const { pageBytes, hugePages } = kernel.machine.geometry
  const outcome = yield* execute({ name: 'PSMASH', rax: (pfn - (pfn % hugePages)) * pageBytes })
  return outcome.kind === 'done' && outcome.eax === SUCCESS
}

/** `snp_reclaim_pages`: a firmware page back from the firmware, then back to the hypervisor. @returns whether it is [K] */
export function* snpReclaimPage(kernel: Kernel, pfn: Pfn): Routine<boolean> {
  const status = yield* firmware({ name: 'SNP_PAGE_RECLAIM', page: pfn * kernel.machine.geometry.pageBytes, size: '4K' })
  return status === 'SUCCESS' && (yield* rmpMakeShared(kernel, pfn, '4K'))
}

/** `snp_leak_pages`: pages that cannot be made shared are never used again. [K] */
export function snpLeakPages(kernel: Kernel, pfn: Pfn, pages: number): void {
  kernel.leakedPages += pages
  kernel.log(logLeakingPfnRange(pfn, pfn + pages))
  kernel.tell.leaked(pfn, pages)
}
