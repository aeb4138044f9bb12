import { type CpuId, FAIL_INPUT, FAIL_INUSE, FAIL_PERMISSION, type Pfn, SUCCESS } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { ASSIGNED, IMMUTABLE, SIZE_2M } from '../rmp.ts'
import { code, GP, type Instruction, type Outcomes, type Steps, UD } from './types.ts'

/** PSMASH (F3 0F 01 FF): splits the 2M entry at RAX into 512 4K ones that keep Validated. [APM, K] */
export function* psmash(machine: Machine, cpu: CpuId, i: Extract<Instruction, { name: 'PSMASH' }>): Steps<Outcomes['PSMASH']> {
  const { rmp, geometry, locks, tables } = machine
  if (!machine.features.snp || !machine.snpOn(cpu)) return UD // [APM]
  if ((i.cpl ?? 0) > 0) return GP // [APM]
  if (i.rax % geometry.hugeBytes !== 0 || !machine.isCovered(i.rax, geometry.hugeBytes)) return code(FAIL_INPUT) // [APM]
  const pfn: Pfn = i.rax / geometry.pageBytes
  const huge = rmp.hugeOf(pfn)
  yield 'lock'
  if (locks.has(huge)) return code(FAIL_INUSE) // an entry of this huge page is being changed [APM]
  const bits = rmp.bits(pfn)
  if (!(bits & SIZE_2M) || !(bits & ASSIGNED)) return code(FAIL_INPUT) // nothing to split [APM]
  if (bits & IMMUTABLE) return code(FAIL_PERMISSION) // [APM]
  locks.set(huge, { rax: i.rax, size: '2M' })

  yield 'write'
  rmp.setHuge(huge, rmp.bits(pfn) & ~SIZE_2M, rmp.asid(pfn), rmp.gfn(pfn)) // Validated is kept as it is now
  yield 'broadcast' // splitting clears, too [L v9]
  tables.clear(machine.regionOf(i.rax))
  yield 'shoot down'
  machine.tell.shotDown(machine.tlb.shootDown(i.rax, geometry.hugeBytes))
  locks.delete(huge)
  return code(SUCCESS)
}
