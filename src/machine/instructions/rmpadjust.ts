import { type CpuId, FAIL_INPUT, FAIL_INUSE, FAIL_PERMISSION, FAIL_SIZEMISMATCH, NPF_RMP, SUCCESS } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { SIZE_2M, VALIDATED, VMSA } from '../rmp.ts'
import { guestPage, npf, sizeMismatchFault } from './guest.ts'
import { code, GP, type Instruction, type Outcomes, type Steps, UD } from './types.ts'

/**
 * RMPADJUST (F3 0F 01 FE): a guest sets the rights of a less privileged VMPL on one of its pages, and whether the page is a
 * VMSA. The hypervisor is not asked. [APM, K]
 */
export function* rmpadjust(
  machine: Machine,
  cpu: CpuId,
  i: Extract<Instruction, { name: 'RMPADJUST' }>,
): Steps<Outcomes['RMPADJUST']> {
  const { rmp, geometry, cpus } = machine
  if (!machine.features.snp || !machine.snpOn(cpu) || !cpus[cpu].vmplEn) return UD // [APM]
  if ((i.cpl ?? 0) > 0) return GP // [APM]
  const bytes = i.size === '2M' ? geometry.hugeBytes : geometry.pageBytes
  if (i.guest.gpa % bytes !== 0 || (i.permissions & ~0xf) !== 0) return code(FAIL_INPUT) // [APM]
  if (i.targetVmpl === 0 || i.targetVmpl <= i.guest.vmpl) return code(FAIL_PERMISSION) // rights go down only [APM]
  yield 'look up' // looking up and writing are one step: the entry is locked in between [APM]
  if (machine.locks.has(rmp.hugeOf(i.guest.spa / geometry.pageBytes))) return code(FAIL_INUSE) // [APM]
  const page = guestPage(machine, i.guest)
  if ('kind' in page) return page
  if (!(page.bits & VALIDATED)) return npf(i.guest.gpa, NPF_RMP) // [APM]
  if (i.size === '2M' && (i.guest.mapping === '4K' || !(page.bits & SIZE_2M))) return code(FAIL_SIZEMISMATCH) // [K]
  if (i.size === '4K' && page.bits & SIZE_2M) return sizeMismatchFault(i.guest.gpa) // [K]
  const own = rmp.permissions(page.pfn, i.guest.vmpl)
  if ((i.permissions & ~own) !== 0) return code(FAIL_PERMISSION) // nobody grants what they do not have [APM]
  if (i.vmsa && i.size === '2M') return code(FAIL_INPUT) // a VMSA is one page [APM]
  const bits = i.vmsa ? page.bits | VMSA : page.bits & ~VMSA
  const gfn = rmp.gfn(page.pfn)
  if (i.size === '2M') rmp.setHuge(rmp.hugeOf(page.pfn), bits, i.guest.asid, gfn)
  else rmp.setPage(page.pfn, bits, i.guest.asid, gfn)
  rmp.setPermissions(page.pfn, bytes / geometry.pageBytes, i.targetVmpl, i.permissions)
  return code(SUCCESS)
}
