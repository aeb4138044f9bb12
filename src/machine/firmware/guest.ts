import { pageState, type Spa } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { ASSIGNED, IMMUTABLE, SIZE_2M, VALIDATED, VMSA } from '../rmp.ts'
import type { FirmwareCommand, FirmwareStatus } from './commands.ts'

type Command<Name extends FirmwareCommand['name']> = Extract<FirmwareCommand, { name: Name }>

/** SNP_GCTX_CREATE: a Firmware page becomes a guest's Context page. [APM] */
export function snpGctxCreate(machine: Machine, { context }: Command<'SNP_GCTX_CREATE'>): FirmwareStatus {
  if (!machine.firmware.initialised) return 'INVALID_PLATFORM_STATE'
  if (!isPlainFirmwarePage(machine, context)) return 'INVALID_PAGE_STATE'
  if (machine.rmp.entry(context / machine.geometry.pageBytes).size === '2M') return 'INVALID_PAGE_SIZE'
  machine.firmware.guests.set(context, { asid: 0, state: 'init' })
  return 'SUCCESS'
}

/** SNP_ACTIVATE: binds the guest to an ASID that no other guest has and whose traces are flushed. [APM] */
export function snpActivate({ firmware, asidMax }: Machine, { context, asid }: Command<'SNP_ACTIVATE'>): FirmwareStatus {
  const guest = firmware.guests.get(context)
  if (guest === undefined) return 'INVALID_GUEST'
  if (guest.state !== 'init') return 'INVALID_GUEST_STATE'
  if (asid < 1 || asid > asidMax) return 'INVALID_PARAM'
  for (const other of firmware.guests.values()) if (other.asid === asid) return 'ACTIVE'
  if (firmware.dirtyAsids.has(asid)) return 'DFFLUSH_REQUIRED'
  guest.asid = asid
  guest.state = 'launching'
  return 'SUCCESS'
}

/** SNP_LAUNCH_UPDATE: measures and encrypts a page in place, Pre-Guest → Guest-Valid. [APM §15.36, §4] */
export function snpLaunchUpdate(machine: Machine, { context, page, gpa, vmsa }: Command<'SNP_LAUNCH_UPDATE'>): FirmwareStatus {
  const { rmp, geometry } = machine
  const guest = machine.firmware.guests.get(context)
  if (guest === undefined) return 'INVALID_GUEST'
  if (guest.state !== 'launching') return 'INVALID_GUEST_STATE'
  if (!isPage(machine, page)) return 'INVALID_ADDRESS'
  const pfn = page / geometry.pageBytes
  const entry = rmp.entry(pfn)
  if (pageState(entry) !== 'Pre-Guest' || entry.asid !== guest.asid || entry.gpa !== gpa) return 'INVALID_PAGE_STATE'
  if (entry.size === '2M') return 'INVALID_PAGE_SIZE' // the model launches 4K pages, as KVM does [K]
  rmp.setPage(pfn, ASSIGNED | VALIDATED | (vmsa ? VMSA : 0), entry.asid, rmp.gfn(pfn))
  return 'SUCCESS'
}

/** SNP_LAUNCH_FINISH: the guest may run. [APM] */
export function snpLaunchFinish({ firmware }: Machine, { context }: Command<'SNP_LAUNCH_FINISH'>): FirmwareStatus {
  const guest = firmware.guests.get(context)
  if (guest === undefined) return 'INVALID_GUEST'
  if (guest.state !== 'launching') return 'INVALID_GUEST_STATE'
  guest.state = 'running'
  return 'SUCCESS'
}

/** SNP_DECOMMISSION: the guest is gone, its Context page a Firmware page again; its ASID needs a flush first. [APM] */
export function snpDecommission({ firmware }: Machine, { context }: Command<'SNP_DECOMMISSION'>): FirmwareStatus {
  const guest = firmware.guests.get(context)
  if (guest === undefined) return 'INVALID_GUEST'
  firmware.guests.delete(context)
  if (guest.asid !== 0) firmware.dirtyAsids.add(guest.asid)
  return 'SUCCESS'
}

/** SNP_PAGE_RECLAIM: gives an immutable page back to software: Firmware → Reclaim, Pre-Guest → Guest-Invalid, Pre-Swap → Guest-Valid. [APM] */
export function snpPageReclaim(machine: Machine, { page, size }: Command<'SNP_PAGE_RECLAIM'>): FirmwareStatus {
  const { rmp, geometry, firmware } = machine
  if (!firmware.initialised) return 'INVALID_PLATFORM_STATE'
  const bytes = size === '2M' ? geometry.hugeBytes : geometry.pageBytes
  if (page % bytes !== 0 || !machine.isCovered(page, bytes)) return 'INVALID_ADDRESS'
  const pfn = page / geometry.pageBytes
  const entry = rmp.entry(pfn)
  const bits = rmp.bits(pfn)
  if (!entry.assigned || !entry.immutable || firmware.guests.has(page)) return 'INVALID_PAGE_STATE'
  if (machine.rmpOwn.some(({ start, end }) => page < end && page + bytes > start)) return 'INVALID_PAGE_STATE'
  if (((bits & SIZE_2M) !== 0) !== (size === '2M')) return 'INVALID_PAGE_SIZE'
  if (size === '2M') rmp.setHuge(rmp.hugeOf(pfn), bits & ~IMMUTABLE, entry.asid, rmp.gfn(pfn))
  else rmp.setPage(pfn, bits & ~IMMUTABLE, entry.asid, rmp.gfn(pfn))
  return 'SUCCESS'
}

/** SNP_PAGE_UNSMASH: collapses 512 4K entries of consecutive guest pages in the same state; RMPOPT bits are cleared. [APM, L v9] */
export function snpPageUnsmash(machine: Machine, { page }: Command<'SNP_PAGE_UNSMASH'>): FirmwareStatus {
  const { rmp, geometry, firmware, tables, tlb } = machine
  if (!firmware.initialised) return 'INVALID_PLATFORM_STATE'
  if (page % geometry.hugeBytes !== 0 || !machine.isCovered(page, geometry.hugeBytes)) return 'INVALID_ADDRESS'
  const huge = page / geometry.hugeBytes
  if (!rmp.isUniform(huge)) return 'INVALID_PAGE_STATE' // the pages do not agree
  const bits = rmp.hugeBits(huge)
  const pfn = huge * geometry.hugePages
  const gfn = rmp.gfn(pfn)
  if (!(bits & ASSIGNED) || bits & (IMMUTABLE | VMSA) || rmp.asid(pfn) === 0) return 'INVALID_PAGE_STATE'
  if (bits & SIZE_2M || gfn % geometry.hugePages !== 0) return 'INVALID_PAGE_SIZE'
  rmp.setHuge(huge, bits | SIZE_2M, rmp.asid(pfn), gfn)
  tables.clear(machine.regionOf(page))
  machine.tell.shotDown(tlb.shootDown(page, geometry.hugeBytes))
  return 'SUCCESS'
}

function isPage(machine: Machine, spa: Spa): boolean {
  return spa % machine.geometry.pageBytes === 0 && machine.isCovered(spa, machine.geometry.pageBytes)
}

/** A Firmware page that is no context and not the RMP's own. */
function isPlainFirmwarePage(machine: Machine, spa: Spa): boolean {
  if (!isPage(machine, spa) || machine.firmware.guests.has(spa)) return false
  if (machine.rmpOwn.some(({ start, end }) => spa >= start && spa < end)) return false
  return pageState(machine.rmp.entry(spa / machine.geometry.pageBytes)) === 'Firmware'
}
