import { assert } from '../arch/index.ts'
import { ASSIGNED } from '../machine/index.ts'
import type { Guest } from './guest.ts'
import type { Kernel } from './kernel.ts'
import { playLoop } from './loop.ts'
import type { Extent } from './memory/index.ts'
import { condResched, cpuTime, type Routine } from './ops.ts'
import { rmpMakePrivate, rmpMakeShared, snpLeakPages, snpLookupRmpentry, snpRmptablePsmash } from './rmp-ops.ts'

/**
 * The guest touches its memory up to guest page `to`: every folio that is not private yet is prepared
 * (`kvm_gmem_prepare_folio`, `sev_gmem_prepare`). [K]
 */
export function* kvmGmemPopulate(kernel: Kernel, guest: Guest, to: number): Routine<void> {
  const end = Math.min(to, guest.pages)
  if (end <= guest.populated) return
  yield* playLoop({ name: 'gmem-prepare', guest }, guest.populated, end, (page) => sevGmemPrepare(kernel, guest, page, end))
  guest.populated = end
}

/** One folio: as 2M where backing and alignment allow, else as 4K pages. @returns the next guest page [K] */
function* sevGmemPrepare(kernel: Kernel, guest: Guest, page: number, end: number): Routine<number> {
  const { hugePages, pageBytes } = kernel.machine.geometry
  const pfn = guest.pfnOf(page)
  const pages = folioPages(kernel, guest, page, end)
  const entry = yield* snpLookupRmpentry(kernel, pfn)
  if (entry?.assigned) return page + (entry.size === '2M' ? pages : 1)
  if (pages === hugePages && kernel.backing !== '4k' && isShared(kernel, pfn)) {
    yield* cpuTime('clear 2M page')
    yield* rmpMakePrivate(kernel, pfn, page * pageBytes, '2M', guest.asid, false)
  } else {
    const run = sharedRun(kernel, pfn, pages)
    yield* cpuTime('clear 4K page', run)
    yield {
      op: 'rmpupdate-run',
      instruction: {
        name: 'RMPUPDATE',
        rax: pfn * pageBytes,
        input: { gpa: page * pageBytes, assigned: true, size: '4K', immutable: false, asid: guest.asid },
      },
      pages: run,
    }
    return page + run
  }
  return page + pages
}

/** Guest pages from `page` to the end of its huge page, its run of system memory, or the range: one huge page when all is aligned. */
function folioPages(kernel: Kernel, guest: Guest, page: number, end: number): number {
  const { hugePages } = kernel.machine.geometry
  const pfn = guest.pfnOf(page)
  return Math.min(hugePages - (pfn % hugePages), guest.contiguousFrom(page), end - page)
}

/** `is_pfn_range_shared`: no page of the huge page is assigned. [K] */
function isShared({ machine }: Kernel, pfn: number): boolean {
  return machine.rmp.hugeAssigned(machine.rmp.hugeOf(pfn)) === 0
}

/** Pages from `pfn` on, at most `pages`, that are not assigned. */
function sharedRun({ machine }: Kernel, pfn: number, pages: number): number {
  let run = 1
  while (run < pages && !(machine.rmp.bits(pfn + run) & ASSIGNED)) run++
  return run
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
  for (let from = 0; from < guest.pages; from += chunk) {
    const to = Math.min(from + chunk, guest.pages)
    const end = Math.min(to, guest.populated)
    const leaked: Extent[] = []
    yield* playLoop({ name: 'gmem-invalidate', guest }, from, Math.max(from, end), (page) =>
      sevGmemInvalidate(kernel, guest, page, end, leaked),
    )
    giveBack(kernel, guest.extents(from, to), leaked)
  }
  kernel.tell.guestMemoryReturned(guest)
}

/** One folio back to the hypervisor; a 2M entry that is not freed whole is split first. @returns the next guest page [K] */
function* sevGmemInvalidate(kernel: Kernel, guest: Guest, page: number, end: number, leaked: Extent[]): Routine<number> {
  const { hugePages } = kernel.machine.geometry
  const pfn = guest.pfnOf(page)
  const pages = folioPages(kernel, guest, page, end)
  const isHuge = pages === hugePages
  yield* cpuTime(
    isHuge && kernel.backing !== '4k' ? 'free 2M folio' : 'free 4K folio',
    isHuge && kernel.backing !== '4k' ? 1 : pages,
  )
  const entry = yield* snpLookupRmpentry(kernel, pfn)
  if (!entry?.assigned) {
    yield* condResched()
    return page + 1
  }
  if (entry.size === '2M' && isHuge) {
    if (!(yield* rmpMakeShared(kernel, pfn, '2M'))) leak(kernel, leaked, pfn, pages)
    yield* condResched()
    return page + pages
  }
  if (entry.size === '2M') yield* snpRmptablePsmash(kernel, pfn)
  const run = assignedRun(kernel, pfn, pages)
  yield {
    op: 'rmpupdate-run',
    instruction: {
      name: 'RMPUPDATE',
      rax: pfn * kernel.machine.geometry.pageBytes,
      input: { gpa: 0, assigned: false, size: '4K', immutable: false, asid: 0 },
    },
    pages: run,
  }
  for (let i = 0; i < run; i++) if (kernel.machine.rmp.bits(pfn + i) & ASSIGNED) leak(kernel, leaked, pfn + i, 1)
  yield* condResched()
  return page + run
}

function assignedRun({ machine }: Kernel, pfn: number, pages: number): number {
  let run = 1
  while (run < pages && machine.rmp.bits(pfn + run) & ASSIGNED) run++
  return run
}

function leak(kernel: Kernel, leaked: Extent[], pfn: number, pages: number): void {
  snpLeakPages(kernel, pfn, pages)
  leaked.push({ pfn, pages })
}

/** Memory back to the allocator; what shares a folio with a leaked page stays away with it. */
function giveBack(kernel: Kernel, extents: Extent[], leaked: readonly Extent[]): void {
  const { hugePages } = kernel.machine.geometry
  let kept = extents
  for (const { pfn, pages } of leaked) {
    const start = pfn - (pfn % hugePages)
    const end = Math.ceil((pfn + pages) / hugePages) * hugePages
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
