import { type CpuId, type Geometry, type HugeIndex, type Pfn, SUCCESS } from '../arch/index.ts'
import type { FirmwareCommand, FirmwareStatus } from './firmware/commands.ts'
import { firmwareCommand } from './firmware/index.ts'
import { execute } from './instructions/index.ts'
import { code, type Instruction } from './instructions/types.ts'
import type { Machine } from './machine.ts'
import { ASSIGNED, IMMUTABLE, SIZE_2M, VALIDATED, VMSA } from './rmp.ts'

/**
 * The fast ways: many instructions on the pages of one huge page, to the same effect as executing them one after the
 * other. Each is taken only where that is plain to see; tests hold both against each other.
 */

/** Whether RMPUPDATE of a whole huge page from the plain state `bits` (one 2M entry, or 512 alike) is sure to succeed. */
export function isPlainHuge(machine: Machine, cpu: CpuId, huge: HugeIndex): boolean {
  const { geometry, rmp, locks } = machine
  return (
    machine.snpOn(cpu) &&
    rmp.isUniform(huge) &&
    !(rmp.hugeBits(huge) & IMMUTABLE) &&
    locks.size === 0 &&
    machine.isRegionCovered(Math.floor(huge / geometry.regionHuges))
  )
}

/** RMPUPDATE of a huge page that is plain: assigns it to a guest (`bits` with ASSIGNED) or makes it shared (0). */
export function updatePlainHuge(machine: Machine, huge: HugeIndex, bits: number, asid: number, gfn: number): void {
  const { rmp, geometry, tables, tlb } = machine
  rmp.setHuge(huge, bits, asid, gfn)
  rmp.dropPermissions(huge * geometry.hugePages, geometry.hugePages)
  const region = Math.floor(huge / geometry.regionHuges)
  if (bits & ASSIGNED) tables.clear(region)
  else tables.dropResult(region)
  const dropped = tlb.shootDown(huge * geometry.hugeBytes, geometry.hugeBytes)
  if (dropped > 0) machine.tell.shotDown(dropped)
}

/** The same 4K RMPUPDATE for consecutive pages of one huge page, guest pages counting along. @returns how many succeeded */
export function rmpupdateRun(
  machine: Machine,
  cpu: CpuId,
  first: Extract<Instruction, { name: 'RMPUPDATE' }>,
  pages: number,
): number {
  const { geometry } = machine
  if (isPlainRun(machine, cpu, first, pages)) {
    updatePlainRun(machine, first, pages)
    machine.tell.instruction(cpu, first, code(SUCCESS), pages)
    return pages
  }
  let succeeded = 0
  for (let i = 0; i < pages; i++) {
    const outcome = execute(machine, cpu, ofRun(first, i, geometry))
    if (outcome.kind === 'done' && outcome.eax === SUCCESS) succeeded++
  }
  return succeeded
}

/** The `index`th RMPUPDATE of a run. */
export function ofRun(
  first: Extract<Instruction, { name: 'RMPUPDATE' }>,
  index: number,
  { pageBytes }: Geometry,
): Extract<Instruction, { name: 'RMPUPDATE' }> {
  const { rax, input } = first
  const gpa = input.assigned ? input.gpa + index * pageBytes : 0
  return { ...first, rax: rax + index * pageBytes, input: { ...input, gpa } }
}

/** Whether each of the updates is sure to succeed: nothing about the pages or the new state stands in the way. */
function isPlainRun(
  machine: Machine,
  cpu: CpuId,
  { rax, input, cpl }: Extract<Instruction, { name: 'RMPUPDATE' }>,
  pages: number,
): boolean {
  const { geometry, rmp, locks } = machine
  if (!machine.snpOn(cpu) || locks.size > 0 || (cpl ?? 0) > 0 || !machine.isRegionCovered(machine.regionOf(rax))) return false
  if (input.assigned ? input.asid === 0 || input.asid > machine.asidMax : input.immutable || input.asid !== 0) return false
  const pfn = rax / geometry.pageBytes
  if (!Number.isInteger(pfn) || input.gpa % geometry.pageBytes !== 0 || (!input.assigned && input.gpa !== 0)) return false
  if ((pfn % geometry.hugePages) + pages > geometry.hugePages) return false
  for (let page = pfn; page < pfn + pages; page++) if (rmp.bits(page) & (SIZE_2M | IMMUTABLE)) return false
  return true
}

function updatePlainRun(machine: Machine, { rax, input }: Extract<Instruction, { name: 'RMPUPDATE' }>, pages: number): void {
  const { geometry, rmp, tables, tlb } = machine
  const pfn = rax / geometry.pageBytes
  const bits = (input.assigned ? ASSIGNED : 0) | (input.immutable ? IMMUTABLE : 0)
  const gfn = input.assigned ? input.gpa / geometry.pageBytes : 0
  if (pages === geometry.hugePages) rmp.setHuge(rmp.hugeOf(pfn), bits, input.asid, gfn)
  else rmp.setPages(pfn, pages, bits, input.asid, gfn)
  rmp.dropPermissions(pfn, pages)
  if (input.assigned) tables.clear(machine.regionOf(rax))
  else tables.dropResult(machine.regionOf(rax))
  const dropped = tlb.shootDown(rax, pages * geometry.pageBytes)
  if (dropped > 0) machine.tell.shotDown(dropped)
}

/** How many pages from `pfn` on, at most `pages`, all have Assigned as asked for. */
export function rmpRun({ rmp }: Machine, pfn: Pfn, pages: number, assigned: boolean): number {
  let run = 0
  while (run < pages && ((rmp.bits(pfn + run) & ASSIGNED) !== 0) === assigned) run++
  return run
}

/** SNP_LAUNCH_UPDATE for consecutive pages of one huge page. @returns the first status that is not SUCCESS, if any */
export function launchUpdateRun(
  machine: Machine,
  first: Extract<FirmwareCommand, { name: 'SNP_LAUNCH_UPDATE' }>,
  pages: number,
): FirmwareStatus {
  const { geometry, rmp, firmware } = machine
  const huge = rmp.hugeOf(first.page / geometry.pageBytes)
  const guest = firmware.guests.get(first.context)
  const isWhole = pages === geometry.hugePages && first.page % geometry.hugeBytes === 0 && rmp.isUniform(huge)
  const pfn = huge * geometry.hugePages
  if (
    isWhole &&
    guest?.state === 'launching' &&
    rmp.hugeBits(huge) === (ASSIGNED | IMMUTABLE) &&
    rmp.asid(pfn) === guest.asid &&
    guest.asid !== 0 &&
    rmp.gfn(pfn) * geometry.pageBytes === first.gpa
  ) {
    rmp.setHuge(huge, ASSIGNED | VALIDATED | (first.vmsa ? VMSA : 0), guest.asid, rmp.gfn(pfn))
    machine.tell.firmware(first, 'SUCCESS', pages)
    return 'SUCCESS'
  }
  let worst: FirmwareStatus = 'SUCCESS'
  for (let i = 0; i < pages; i++) {
    const offset = i * geometry.pageBytes
    const status = firmwareCommand(machine, { ...first, page: first.page + offset, gpa: first.gpa + offset })
    if (worst === 'SUCCESS') worst = status
  }
  return worst
}
