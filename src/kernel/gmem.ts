import { assert } from '../arch/index.ts'
import type { Guest } from './guest.ts'
import type { Kernel } from './kernel.ts'
import { playLoop } from './loop.ts'
import type { Extent } from './memory/index.ts'
import { condResched, countRmpRun, cpuTime, type Routine, rmpupdateRun } from './ops.ts'
import { madeShared, rmpMakePrivate, rmpMakeShared, snpLeakPages, snpLookupRmpentry, snpRmptablePsmash } from './rmp-ops.ts'

/**
 * The guest touches its memory up to guest page `to`: every folio that is not private yet is prepared
 * (`kvm_gmem_prepare_folio`, `sev_gmem_prepare`). [K]
 */
export function* kvmGmemPopulate(kernel: Kernel, guest: Guest, to: number): Routine<void> {
  const end = Math.min(to, guest.pages)
  if (end <= guest.populated) return
  kernel.tell.conversionBegins(guest, 'private')
  yield* playLoop({ name: 'gmem-prepare', guest }, guest.populated, end, (page) => sevGmemPrepare(kernel, guest, page, end))
  kernel.tell.conversionEnds()
  guest.populated = end
}

/** One folio: as 2M where backing and alignment allow, else as 4K pages. @returns the next guest page [K] */
function* sevGmemPrepare(kernel: Kernel, guest: Guest, page: number, end: number): Routine<number> {
  const { hugePages, pageBytes } = kernel.machine.geometry
  const pfn = guest.pfnOf(page)
  const pages = folioPages(kernel, guest, page, end)
  const entry = yield* snpLookupRmpentry(kernel, pfn)
  if (entry?.assigned) return page + (entry.size === '2M' ? pages : 1)
  const shared = yield* countRmpRun(pfn, pages, false)
  if (shared === hugePages && page % hugePages === 0 && kernel.backing !== '4k') {
    yield* cpuTime('clear 2M page')
    yield* rmpMakePrivate(kernel, pfn, page * pageBytes, '2M', guest.asid, false)
  } else {
    yield* cpuTime('clear 4K page', shared)
    const input = { gpa: page * pageBytes, assigned: true, size: '4K', immutable: false, asid: guest.asid } as const
    yield* rmpupdateRun({ name: 'RMPUPDATE', rax: pfn * pageBytes, input }, shared)
  }
  return page + shared
}

/** Guest pages from `page` to the end of its huge page, its run of system memory, or the range: one huge page when all is aligned. */
function folioPages(kernel: Kernel, guest: Guest, page: number, end: number): number {
  const { hugePages } = kernel.machine.geometry
  const pfn = guest.pfnOf(page)
  return Math.min(hugePages - (pfn % hugePages), guest.contiguousFrom(page), end - page)
}

/** Guest memory goes back in chunks of this many bytes: what a truncation frees between two looks at other work. */
const RETURN_CHUNK_BYTES = 1024 ** 3

/**
 * The guest_memfd file is released: its folios are invalidated (`sev_gmem_invalidate`) and freed, chunk by chunk; for a large
 * guest this takes a while and may end after `sev_vm_destroy` returned. [K, L v9]
 */
export function* kvmGmemRelease(kernel: Kernel, guest: Guest): Routine<void> {
  const { pageBytes } = kernel.machine.geometry
  const chunk = Math.max(1, RETURN_CHUNK_BYTES / pageBytes)
  kernel.tell.conversionBegins(guest, 'shared')
  for (let from = 0; from < guest.pages; from += chunk) {
    const to = Math.min(from + chunk, guest.pages)
    const end = Math.min(to, guest.populated)
    const leaked: Extent[] = []
    yield* playLoop({ name: 'gmem-invalidate', guest, leaked }, from, Math.max(from, end), (page) =>
      sevGmemInvalidate(kernel, guest, page, end, leaked),
    )
    giveBack(kernel, guest.extents(from, to), leaked)
  }
  kernel.tell.conversionEnds()
  kernel.tell.guestMemoryReturned(guest)
  if (kernel.driver.memoryReturned) yield* kernel.driver.memoryReturned(kernel)
}

/** guest_memfd files of a VM: userspace has one for each of its memory slots (low memory, high memory, firmware) [A]. */
const GUEST_MEMFDS = 3

/** The inodes of a VM's guest_memfd files are freed, after an RCU grace period: several times a VM. [L v2] */
export function* kvmGmemFreeInodes(kernel: Kernel): Routine<void> {
  const { inodeFreed } = kernel.driver
  if (inodeFreed === undefined) return
  for (let file = 0; file < GUEST_MEMFDS; file++) {
    yield { op: 'preempt-disable' } // RCU callbacks run in softirq [K]
    yield* inodeFreed(kernel)
    yield { op: 'preempt-enable' }
  }
}

/** One folio back to the hypervisor; a 2M entry that is not freed whole is split first. @returns the next guest page [K] */
function* sevGmemInvalidate(kernel: Kernel, guest: Guest, page: number, end: number, leaked: Extent[]): Routine<number> {
  const { hugePages, pageBytes } = kernel.machine.geometry
  const pfn = guest.pfnOf(page)
  const pages = folioPages(kernel, guest, page, end)
  const entry = yield* snpLookupRmpentry(kernel, pfn)
  const isLarge = entry?.assigned === true && entry.size === '2M'
  const run = isLarge ? pages : yield* countRmpRun(pfn, pages, entry?.assigned === true)
  if (kernel.backing === '4k') yield* cpuTime('free 4K folio', run)
  else if (pfn % hugePages === 0) yield* cpuTime('free 2M folio')
  if (isLarge && pages === hugePages) {
    if (!(yield* rmpMakeShared(kernel, pfn, '2M'))) leak(kernel, leaked, pfn, pages)
  } else if (entry?.assigned) {
    if (isLarge) yield* snpRmptablePsmash(kernel, pfn)
    const input = { gpa: 0, assigned: false, size: '4K', immutable: false, asid: 0 } as const
    const shared = yield* rmpupdateRun({ name: 'RMPUPDATE', rax: pfn * pageBytes, input }, run)
    if (shared > 0) yield* madeShared(kernel, pfn, shared)
    if (shared < run) yield* leakAssigned(kernel, leaked, pfn, run)
  }
  yield* condResched()
  return page + run
}

/** Those of the pages that could not be made shared. */
function* leakAssigned(kernel: Kernel, leaked: Extent[], pfn: number, pages: number): Routine<void> {
  for (let page = pfn; page < pfn + pages; page++) {
    if ((yield* countRmpRun(page, 1, true)) === 1) leak(kernel, leaked, page, 1)
  }
}

function leak(kernel: Kernel, leaked: Extent[], pfn: number, pages: number): void {
  snpLeakPages(kernel, pfn, pages)
  leaked.push({ pfn, pages })
}

/** Memory back to the allocator; what shares a folio with a leaked page stays away with it. */
function giveBack(kernel: Kernel, extents: Extent[], leaked: readonly Extent[]): void {
  const { folioPages } = kernel.memory
  let kept = extents
  for (const { pfn, pages } of leaked) {
    const start = pfn - (pfn % folioPages)
    const end = Math.ceil((pfn + pages) / folioPages) * folioPages
    kept = kept.flatMap((extent) => without(extent, start, end))
  }
  kernel.memory.freeGuest(kept)
  kernel.tell.memory(kept, 'snp', -1)
}

/** What is left of an extent without the pages from `start` to `end`. */
function without({ pfn, pages }: Extent, start: number, end: number): Extent[] {
  const last = pfn + pages
  const left = { pfn, pages: Math.max(0, Math.min(last, start) - pfn) }
  const from = Math.max(pfn, end)
  const right = { pfn: from, pages: Math.max(0, last - from) }
  return [left, right].filter((part) => part.pages > 0)
}

/** A guest turns one of its pages shared: the page goes back, PSMASH first where it lies inside a 2M entry. [K] */
export function* kvmConvertToShared(kernel: Kernel, guest: Guest, page: number): Routine<boolean> {
  assert(page < guest.populated, 'only what is private can be converted')
  const pfn = guest.pfnOf(page)
  const entry = yield* snpLookupRmpentry(kernel, pfn)
  if (!entry?.assigned) return true
  if (entry.size === '2M' && !(yield* snpRmptablePsmash(kernel, pfn))) return false
  return yield* rmpMakeShared(kernel, pfn, '4K')
}
