import { type CpuId, FAIL_INPUT, SUCCESS } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { code, GP, type Instruction, type Outcomes, type Steps, UD } from './types.ts'

/** RMPREAD (F2 0F 01 FD): the architectural view of the RMP entry of the page at RAX, with the summary of its huge page. [K] */
export function* rmpread(machine: Machine, cpu: CpuId, i: Extract<Instruction, { name: 'RMPREAD' }>): Steps<Outcomes['RMPREAD']> {
  const { rmp, geometry } = machine
  if (!machine.features.rmpread || !machine.snpOn(cpu)) return UD // [K: CPUID 8000_001F EAX bit 21]
  if ((i.cpl ?? 0) > 0) return GP // [APM]
  if (i.rax % geometry.pageBytes !== 0 || !machine.isCovered(i.rax, geometry.pageBytes)) return code(FAIL_INPUT)
  yield 'look up'
  return { kind: 'done', eax: SUCCESS, form: rmp.readForm(i.rax / geometry.pageBytes) }
}
