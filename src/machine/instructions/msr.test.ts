import { describe, expect, it } from 'vitest'
import {
  GIB,
  MIB,
  MSR_RMP_BASE,
  MSR_RMP_CFG,
  MSR_RMP_END,
  MSR_RMPOPT_BASE,
  MSR_SYSCFG,
  planContiguous,
  planSegmented,
  type RmpLayout,
  SYSCFG_MEM_ENCRYPT,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
} from '../../arch/index.ts'
import { ALL_FEATURES, enableSnp, smallMachine, tinyMachine } from '../../testing/machines.ts'
import { Machine } from '../index.ts'

const GP = { kind: 'fault', fault: { vector: '#GP' } }
const DONE = { kind: 'done' }

const syscfg = (value: bigint) => ({ name: 'WRMSR', msr: MSR_SYSCFG, value }) as const
const rdmsr = (msr: number) => ({ name: 'RDMSR', msr }) as const
const is = (value: bigint) => ({ kind: 'done', value })

function machineWith(layout: RmpLayout | undefined, segmentedRmp = true): Machine {
  const topology = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 }
  const ram = [{ start: 0, end: 64 * GIB, node: 0 }]
  return new Machine({ topology, ram, layout, features: { ...ALL_FEATURES, segmentedRmp } })
}
const segmented = planSegmented({
  ram: [{ start: 0, end: 64 * GIB }],
  segmentShift: 36,
  base: 60 * GIB,
  place: () => 60 * GIB + MIB,
})

describe('SYSCFG (§2) [K]', () => {
  it('has MFDM at bit 19, memory encryption at 23, SNP_EN at 24, VMPL_EN at 25', () => {
    expect([SYSCFG_MFDM, SYSCFG_MEM_ENCRYPT, SYSCFG_SNP_EN, SYSCFG_VMPL_EN]).toEqual([1n << 19n, 1n << 23n, 1n << 24n, 1n << 25n])
    const machine = enableSnp(smallMachine(), { init: false })
    const value = (1n << 19n) | (1n << 23n) | (1n << 24n) | (1n << 25n)
    expect(machine.execute(0, rdmsr(0xc001_0010))).toEqual(is(value))
  })

  it('belongs to one CPU, not to its sibling', () => {
    const machine = smallMachine({ cores: 1, threadsPerCore: 2 })
    machine.execute(0, syscfg(SYSCFG_MEM_ENCRYPT | SYSCFG_MFDM))
    machine.execute(0, syscfg(SYSCFG_MEM_ENCRYPT | SYSCFG_MFDM | SYSCFG_SNP_EN))
    expect([machine.snpOn(0), machine.snpOn(1)]).toEqual([true, false])
    expect(machine.execute(1, rdmsr(MSR_SYSCFG))).toEqual(is(SYSCFG_MEM_ENCRYPT))
  })

  it('takes SNP_EN only together with MFDM and memory encryption [APM]', () => {
    const machine = smallMachine()
    for (const value of [SYSCFG_SNP_EN, SYSCFG_SNP_EN | SYSCFG_MFDM, SYSCFG_SNP_EN | SYSCFG_MEM_ENCRYPT]) {
      expect(machine.execute(0, syscfg(value))).toEqual(GP)
    }
    expect(machine.snpOn(0)).toBe(false)
    expect(machine.execute(0, syscfg(SYSCFG_SNP_EN | SYSCFG_MFDM | SYSCFG_MEM_ENCRYPT))).toEqual(DONE)
    expect(machine.snpOn(0)).toBe(true)
  })

  it('takes VMPL_EN only together with SNP_EN [APM]', () => {
    expect(smallMachine().execute(0, syscfg(SYSCFG_MEM_ENCRYPT | SYSCFG_MFDM | SYSCFG_VMPL_EN))).toEqual(GP)
  })

  it('does not let software clear SNP_EN, nor what it stands on, again [APM]', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    const on = SYSCFG_MEM_ENCRYPT | SYSCFG_MFDM | SYSCFG_SNP_EN
    for (const value of [0n, SYSCFG_MEM_ENCRYPT | SYSCFG_MFDM, on & ~SYSCFG_MFDM, on & ~SYSCFG_MEM_ENCRYPT]) {
      expect(machine.execute(0, syscfg(value))).toEqual(GP)
    }
    expect(machine.snpOn(0)).toBe(true)
    expect(machine.execute(0, syscfg(on))).toEqual(DONE)
  })

  it('does not take SNP_EN on a CPU without SNP (CPUID 8000_001F EAX bit 4)', () => {
    const machine = smallMachine({ features: { snp: false } })
    expect(machine.execute(0, syscfg(SYSCFG_MEM_ENCRYPT | SYSCFG_MFDM | SYSCFG_SNP_EN))).toEqual(GP)
  })

  it('clears no RMPOPT table and needs none to be enabled (§1) [seed]', () => {
    const machine = enableSnp(smallMachine(), { init: false, rmpoptBase: undefined })
    expect(machine.tables.bases).toEqual([
      { enabled: false, base: 0 },
      { enabled: false, base: 0 },
    ])
  })
})

describe('RMP_BASE, RMP_END and RMP_CFG (§2, §3) [K]', () => {
  it('describe a segmented RMP: END reads 0, CFG 0x2401 for segments of 64 GiB', () => {
    const machine = machineWith(segmented)
    expect(machine.execute(0, rdmsr(0xc001_0132))).toEqual(is(BigInt(60 * GIB)))
    expect(machine.execute(0, rdmsr(0xc001_0133))).toEqual(is(0n))
    expect(machine.execute(0, rdmsr(0xc001_0136))).toEqual(is(0x2401n))
  })

  it('describe a contiguous RMP by its first and last byte, CFG bit 0 clear', () => {
    const layout = planContiguous(64 * GIB, 60 * GIB)
    const machine = machineWith(layout)
    expect(machine.execute(0, rdmsr(MSR_RMP_BASE))).toEqual(is(BigInt(60 * GIB)))
    expect(machine.execute(0, rdmsr(MSR_RMP_END))).toEqual(is(BigInt(layout.end)))
    expect(machine.execute(0, rdmsr(MSR_RMP_CFG))).toEqual(is(0n))
  })

  it('read 0 when the BIOS reserved no RMP', () => {
    const machine = machineWith(undefined)
    for (const msr of [MSR_RMP_BASE, MSR_RMP_END, MSR_RMP_CFG]) expect(machine.execute(0, rdmsr(msr))).toEqual(is(0n))
  })

  it('CFG does not exist on a CPU that cannot segment: #GP', () => {
    expect(machineWith(planContiguous(64 * GIB, GIB), false).execute(0, rdmsr(MSR_RMP_CFG))).toEqual(GP)
  })

  it('cannot be moved once SNP is on [APM]', () => {
    const machine = enableSnp(tinyMachine())
    for (const msr of [MSR_RMP_BASE, MSR_RMP_END, MSR_RMP_CFG]) {
      expect(machine.execute(0, { name: 'WRMSR', msr, value: 0n })).toEqual(GP)
    }
  })
})

describe('MSRs that are not there', () => {
  it('are #GP to read and to write, as is any at CPL > 0', () => {
    const machine = enableSnp(smallMachine())
    expect(machine.execute(0, rdmsr(0xc001_0134))).toEqual(GP)
    expect(machine.execute(0, { name: 'WRMSR', msr: 0xc001_0134, value: 0n })).toEqual(GP)
    for (const msr of [MSR_SYSCFG, MSR_RMP_BASE, MSR_RMPOPT_BASE]) {
      expect(machine.execute(0, { ...rdmsr(msr), cpl: 3 })).toEqual(GP)
      expect(machine.execute(0, { name: 'WRMSR', msr, value: 0n, cpl: 3 })).toEqual(GP)
    }
  })
})

describe('WBINVD', () => {
  it('changes nothing that the model knows', () => {
    expect(enableSnp(smallMachine()).execute(0, { name: 'WBINVD' })).toEqual(DONE)
  })
})
