import { type CpuId, FAIL_PERMISSION, SUCCESS } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { SIZE_2M, VMSA } from '../rmp.ts'
import { guestPage } from './guest.ts'
import { code, GP, type Instruction, type Outcomes, type RmpqueryDone, type Steps, UD } from './types.ts'

/** RMPQUERY (F3 0F 01 FD): a guest reads the rights of a less privileged VMPL on one of its pages. [APM] */
export function* rmpquery(
  machine: Machine,
  cpu: CpuId,
  i: Extract<Instruction, { name: 'RMPQUERY' }>,
): Steps<Outcomes['RMPQUERY']> {
  const { rmp } = machine
  if (!machine.features.rmpquery || !machine.snpOn(cpu)) return UD // [APM: CPUID 8000_001F EAX bit 6]
  if ((i.cpl ?? 0) > 0) return GP // [APM]
  const refused: RmpqueryDone = { ...code(FAIL_PERMISSION), size: '4K', permissions: 0, vmsa: false }
  if (i.targetVmpl <= i.guest.vmpl) return refused // [APM]
  yield 'look up'
  const page = guestPage(machine, i.guest)
  if ('kind' in page) return page
  return {
    ...code(SUCCESS),
    size: page.bits & SIZE_2M ? '2M' : '4K',
    permissions: rmp.permissions(page.pfn, i.targetVmpl),
    vmsa: (page.bits & VMSA) !== 0,
  }
}
