import type { SpaRange } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { ASSIGNED, IMMUTABLE } from '../rmp.ts'
import type { FirmwareCommand, FirmwareStatus } from './commands.ts'

/**
 * SNP_INIT_EX: takes the platform into use. Needs SNP_EN on every present CPU; marks the RMP's own memory and the
 * firmware's as Firmware, the listed ranges as HV-Fixed; clears all RMPOPT tables. [L v1, L v8, L v9]
 */
export function snpInitEx(machine: Machine, command: Extract<FirmwareCommand, { name: 'SNP_INIT_EX' }>): FirmwareStatus {
  const { firmware } = machine
  if (firmware.initialised) return 'INVALID_PLATFORM_STATE'
  if (machine.cpus.some(({ snpEn }) => !snpEn)) return 'INVALID_CONFIG' // [L v9]
  const owned = [...machine.rmpOwn, ...command.firmwareRanges]
  if (![...owned, ...command.hvFixedRanges].every((range) => isUsable(machine, range))) return 'INVALID_ADDRESS'
  // After a legacy shutdown the pages still are what the last SNP_INIT_EX made of them.
  if (owned.some((range) => anyPage(machine, range, (bits) => bits !== 0 && bits !== FIRMWARE && bits !== HV_FIXED))) {
    return 'INVALID_PAGE_STATE'
  }
  for (const range of command.hvFixedRanges) mark(machine, range, HV_FIXED)
  for (const range of owned) mark(machine, range, FIRMWARE) // last: the OS lists reserved memory, where the RMP lies, too
  machine.tlb.flush() // [A]
  machine.tables.clearAll()
  if (machine.options.comesUpOptimised) machine.tables.comeUp(lowestRegion(machine))
  firmware.initialised = true
  return 'SUCCESS'
}

/** SNP_SHUTDOWN_EX: fails while any guest is active. The newer kind also clears SNP_EN on all cores. [L v5, L v9] */
export function snpShutdownEx(machine: Machine, command: Extract<FirmwareCommand, { name: 'SNP_SHUTDOWN_EX' }>): FirmwareStatus {
  const { firmware, tables, options } = machine
  if (!firmware.initialised) return 'INVALID_PLATFORM_STATE'
  if (firmware.guests.size > 0) return 'ACTIVE'
  firmware.initialised = false
  firmware.dirtyAsids.clear()
  if (!command.x86SnpShutdown) return 'SUCCESS'
  for (const cpu of machine.cpus) {
    cpu.snpEn = false
    cpu.vmplEn = false
  }
  machine.tlb.flush()
  tables.epoch++
  if (options.snpDisableClearsTables) tables.clearAll() // [A §6.13]
  return 'SUCCESS'
}

/** SNP_DF_FLUSH: after it the ASIDs of guests that are gone may be used again. [APM] */
export function snpDfFlush(machine: Machine): FirmwareStatus {
  if (!machine.firmware.initialised) return 'INVALID_PLATFORM_STATE'
  machine.firmware.dirtyAsids.clear()
  return 'SUCCESS'
}

/** Where a table that covers the lowest page begins, bytes. */
function lowestRegion({ ram, geometry: { regionBytes } }: Machine): number {
  return Math.floor(ram[0].start / regionBytes) * regionBytes
}

function isUsable(machine: Machine, { start, end }: SpaRange): boolean {
  const { pageBytes } = machine.geometry
  return (
    start % pageBytes === 0 && end % pageBytes === 0 && start <= end && (start === end || machine.isCovered(start, end - start))
  )
}

function anyPage(machine: Machine, range: SpaRange, holds: (bits: number) => boolean): boolean {
  const { pageBytes } = machine.geometry
  for (let pfn = range.start / pageBytes; pfn < range.end / pageBytes; pfn++) if (holds(machine.rmp.bits(pfn))) return true
  return false
}

const FIRMWARE = ASSIGNED | IMMUTABLE
const HV_FIXED = IMMUTABLE

/** Whole huge pages at once, the ragged ends page by page: the entries say the same either way. */
function mark(machine: Machine, { start, end }: SpaRange, bits: number): void {
  const { rmp, geometry } = machine
  const { pageBytes, hugePages } = geometry
  for (let pfn = start / pageBytes; pfn < end / pageBytes; ) {
    if (pfn % hugePages === 0 && pfn + hugePages <= end / pageBytes) {
      rmp.setHuge(pfn / hugePages, bits, 0, 0)
      pfn += hugePages
    } else rmp.setPage(pfn++, bits, 0, 0)
  }
}
