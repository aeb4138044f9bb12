import { type CpuId, FAIL_INPUT, FAIL_INUSE, FAIL_PERMISSION, FAIL_SIZEMISMATCH, SUCCESS } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { SIZE_2M, VALIDATED } from '../rmp.ts'
import { guestPage, sizeMismatchFault } from './guest.ts'
import { GP, type Instruction, type Outcomes, type PvalidateDone, type Steps, UD } from './types.ts'

/**
 * PVALIDATE (F2 0F 01 FF): the guest accepts a page the hypervisor assigned to it, or gives the acceptance back. CF = 1:
 * the page already was in the requested state. Moves Guest-Invalid ↔ Guest-Valid. [APM, K]
 */
export function* pvalidate(
  machine: Machine,
  cpu: CpuId,
  i: Extract<Instruction, { name: 'PVALIDATE' }>,
): Steps<Outcomes['PVALIDATE']> {
  const { rmp, geometry } = machine
  if (!machine.features.snp || !machine.snpOn(cpu)) return UD // [APM]
  if ((i.cpl ?? 0) > 0) return GP // [APM]
  const answer = (eax: PvalidateDone['eax'], cf = false): PvalidateDone => ({ kind: 'done', eax, cf })
  if (i.guest.vmpl !== 0) return answer(FAIL_PERMISSION) // only the highest privilege validates [APM]
  const bytes = i.size === '2M' ? geometry.hugeBytes : geometry.pageBytes
  if (i.guest.gpa % bytes !== 0) return answer(FAIL_INPUT) // [APM]
  yield 'look up' // looking up and writing are one step: the entry is locked in between [APM]
  if (machine.locks.has(machine.rmp.hugeOf(i.guest.spa / geometry.pageBytes))) return answer(FAIL_INUSE) // [APM]
  const page = guestPage(machine, i.guest)
  if ('kind' in page) return page
  if (i.size === '2M' && (i.guest.mapping === '4K' || !(page.bits & SIZE_2M))) return answer(FAIL_SIZEMISMATCH) // [K]
  if (i.size === '4K' && page.bits & SIZE_2M) return sizeMismatchFault(i.guest.gpa) // [K]
  const already = ((page.bits & VALIDATED) !== 0) === i.validate
  if (already) return answer(SUCCESS, true)
  const bits = i.validate ? page.bits | VALIDATED : page.bits & ~VALIDATED
  if (i.size === '2M') rmp.setHuge(rmp.hugeOf(page.pfn), bits, i.guest.asid, rmp.gfn(page.pfn))
  else rmp.setPage(page.pfn, bits, i.guest.asid, rmp.gfn(page.pfn))
  return answer(SUCCESS)
}
