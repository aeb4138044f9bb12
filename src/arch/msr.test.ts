import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  decodeRmpCfg,
  decodeRmpoptBase,
  encodeRmpCfg,
  encodeRmpoptBase,
  GIB,
  MSR_NAMES,
  MSR_RMP_BASE,
  MSR_RMP_CFG,
  MSR_RMP_END,
  MSR_RMPOPT_BASE,
  MSR_SYSCFG,
  msrName,
  SYSCFG_MEM_ENCRYPT,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
} from './index.ts'

describe('MSR numbers (§2)', () => {
  test.each<[string, string, string, number]>([
    ['SYSCFG', 'C001_0010', '[K]', MSR_SYSCFG],
    ['RMP_BASE', 'C001_0132', '[K]', MSR_RMP_BASE],
    ['RMP_END', 'C001_0133', '[K]', MSR_RMP_END],
    ['RMP_CFG', 'C001_0136', '[K]', MSR_RMP_CFG],
    ['RMPOPT_BASE', 'C001_0139', '[L]', MSR_RMPOPT_BASE],
  ])('%s is %s %s', (name, text, _tag, msr) => {
    expect(msr).toBe(Number.parseInt(text.replace('_', ''), 16))
    expect(MSR_NAMES[msr]).toBe(name)
    expect(msrName(msr)).toBe(name)
  })

  it('shows the number of an MSR without a name', () => {
    expect(msrName(0xc001_0015)).toBe('MSR 0xc0010015')
  })
})

describe('SYSCFG (§2)', () => {
  test.each<[string, number, bigint]>([
    ['SYSCFG_MFDM', 19, SYSCFG_MFDM],
    ['SYSCFG_MEM_ENCRYPT', 23, SYSCFG_MEM_ENCRYPT],
    ['SYSCFG_SNP_EN', 24, SYSCFG_SNP_EN],
    ['SYSCFG_VMPL_EN', 25, SYSCFG_VMPL_EN],
  ])('%s is bit %i [K]', (_name, bit, mask) => {
    expect(mask).toBe(BigInt(2 ** bit))
  })
})

describe('RMP_CFG (§2, §3)', () => {
  it('is 0x2401 for segments of 64 GiB [K]', () => {
    expect(encodeRmpCfg({ segmented: true, segmentShift: 36 })).toBe(0x2401n)
    expect(2 ** decodeRmpCfg(0x2401n).segmentShift).toBe(64 * GIB)
  })

  it('comes back as it was encoded', () => {
    const cfg = fc.record({ segmented: fc.boolean(), segmentShift: fc.nat(63) })
    fc.assert(
      fc.property(cfg, (some) => {
        expect(decodeRmpCfg(encodeRmpCfg(some))).toEqual(some)
      }),
    )
  })

  it('decodes with reserved bits set', () => {
    expect(decodeRmpCfg(0xffff_ffff_ffff_c0fen)).toEqual({ segmented: false, segmentShift: 0 })
  })

  it.each([64, -1, 0.5])('asserts against a shift of %d', (segmentShift) => {
    expect(() => encodeRmpCfg({ segmented: true, segmentShift })).toThrow('assertion failed')
  })
})

describe('RMPOPT_BASE (§2)', () => {
  it('has enable in bit 0 and a 1 GiB aligned base above it [L]', () => {
    expect(encodeRmpoptBase({ enabled: true, base: 0 })).toBe(1n)
    expect(encodeRmpoptBase({ enabled: false, base: 3 * GIB })).toBe(0xc000_0000n)
    expect(encodeRmpoptBase({ enabled: true, base: 2 ** 52 - GIB })).toBe(0xf_ffff_c000_0001n)
  })

  it('comes back as it was encoded', () => {
    const base = fc.record({ enabled: fc.boolean(), base: fc.nat(2 ** 22 - 1).map((gib) => gib * GIB) })
    fc.assert(
      fc.property(base, (some) => {
        expect(decodeRmpoptBase(encodeRmpoptBase(some))).toEqual(some)
      }),
    )
  })

  it('shows reserved bits by not encoding back to the same value', () => {
    const value = 0xfff0_0000_7fff_fffen
    expect(decodeRmpoptBase(value)).toEqual({ enabled: false, base: GIB })
    expect(encodeRmpoptBase(decodeRmpoptBase(value))).not.toBe(value)
  })

  it.each([GIB / 2, 4096, -GIB, 2 ** 52, Number.NaN])('asserts against base %d', (base) => {
    expect(() => encodeRmpoptBase({ enabled: true, base })).toThrow('assertion failed')
  })
})
