import {
  type CpuId,
  decodeRmpoptBase,
  encodeRmpCfg,
  encodeRmpoptBase,
  MSR_RMP_BASE,
  MSR_RMP_CFG,
  MSR_RMP_END,
  MSR_RMPOPT_BASE,
  MSR_SYSCFG,
  SYSCFG_MEM_ENCRYPT,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
} from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { DONE, GP, type Instruction, type Outcomes, type Steps } from './types.ts'

/** RDMSR of the registers that matter here; #GP for the others and at CPL > 0. */
// biome-ignore lint/correctness/useYield: an instruction of one step
export function* rdmsr(machine: Machine, cpu: CpuId, i: Extract<Instruction, { name: 'RDMSR' }>): Steps<Outcomes['RDMSR']> {
  if ((i.cpl ?? 0) > 0) return GP
  const value = read(machine, cpu, i.msr)
  return value === undefined ? GP : { kind: 'done', value }
}

/** WRMSR with every rule that is known about what may be written when. */
export function* wrmsr(machine: Machine, cpu: CpuId, i: Extract<Instruction, { name: 'WRMSR' }>): Steps<Outcomes['WRMSR']> {
  if ((i.cpl ?? 0) > 0) return GP
  switch (i.msr) {
    case MSR_SYSCFG:
      return writeSyscfg(machine, cpu, i.value) ? DONE : GP
    case MSR_RMPOPT_BASE:
      return writeRmpoptBase(machine, cpu, i.value) ? DONE : GP
    case MSR_RMP_BASE:
    case MSR_RMP_END:
    case MSR_RMP_CFG:
      // The BIOS has set them. Writing the same again is harmless before SNP; with SNP on they are locked [APM].
      return read(machine, cpu, i.msr) === i.value && !machine.cpus.some(({ snpEn }) => snpEn) ? DONE : GP
    default:
      return GP
  }
}

function read(machine: Machine, cpu: CpuId, msr: number): bigint | undefined {
  const { layout, features } = machine
  switch (msr) {
    case MSR_SYSCFG: {
      const { mfdm, memEncrypt, snpEn, vmplEn } = machine.cpus[cpu]
      return (
        (mfdm ? SYSCFG_MFDM : 0n) |
        (memEncrypt ? SYSCFG_MEM_ENCRYPT : 0n) |
        (snpEn ? SYSCFG_SNP_EN : 0n) |
        (vmplEn ? SYSCFG_VMPL_EN : 0n)
      )
    }
    case MSR_RMP_BASE:
      return BigInt(layout?.base ?? 0)
    case MSR_RMP_END:
      return BigInt(layout?.kind === 'contiguous' ? layout.end : 0) // reads 0 when segmented [K]
    case MSR_RMP_CFG:
      if (!features.segmentedRmp) return undefined
      return layout?.kind === 'segmented' ? encodeRmpCfg({ segmented: true, segmentShift: layout.segmentShift }) : 0n
    case MSR_RMPOPT_BASE:
      return features.rmpopt ? encodeRmpoptBase(machine.tables.bases[machine.coreOf(cpu)]) : undefined
  }
  return undefined
}

function writeSyscfg(machine: Machine, cpu: CpuId, value: bigint): boolean {
  const state = machine.cpus[cpu]
  if ((value & ~(SYSCFG_MFDM | SYSCFG_MEM_ENCRYPT | SYSCFG_SNP_EN | SYSCFG_VMPL_EN)) !== 0n) return false
  const next = {
    mfdm: (value & SYSCFG_MFDM) !== 0n,
    memEncrypt: (value & SYSCFG_MEM_ENCRYPT) !== 0n,
    snpEn: (value & SYSCFG_SNP_EN) !== 0n,
    vmplEn: (value & SYSCFG_VMPL_EN) !== 0n,
  }
  if (state.snpEn && !next.snpEn) return false // only firmware and reset clear it [APM]
  if (next.snpEn && !machine.features.snp) return false // [APM]
  if (next.snpEn && !(next.mfdm && next.memEncrypt)) return false // prerequisites of SNP_EN, and not to be taken away under it [APM]
  if (next.vmplEn && !next.snpEn) return false // [APM]
  if (next.snpEn && !state.snpEn) machine.tlb.flush(cpu) // so that what was filled without a check does not outlive it [A]
  Object.assign(state, next)
  return true
}

function writeRmpoptBase(machine: Machine, cpu: CpuId, value: bigint): boolean {
  if (!machine.features.rmpopt) return false
  const base = decodeRmpoptBase(value)
  if (encodeRmpoptBase(base) !== value) return false // reserved bits: the base is 1 GiB aligned [L]
  if (base.enabled && !(machine.snpOn(cpu) && machine.layout?.kind === 'segmented')) return false // [L v8 review, A §6.3]
  machine.tables.setBase(machine.coreOf(cpu), base)
  return true
}
