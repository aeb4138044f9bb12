import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { decodeRstEntry, encodeRstEntry, MIB, RST_BYTES, RST_ENTRIES } from './index.ts'

const entry = fc.record({ mappedGib: fc.nat(2 ** 20 - 1), address: fc.maxSafeNat().map((n) => (n % 2 ** 32) * MIB) })

describe('RMP segment table (§3)', () => {
  it('has 512 entries in 4 KiB [K]', () => {
    expect([RST_ENTRIES, RST_BYTES]).toEqual([512, 4096])
  })

  test.each([
    ['the mapped size in GiB in [19:0]', { mappedGib: 0xf_ffff, address: 0 }, 0xf_ffffn],
    ['the segment address in [51:20]', { mappedGib: 0, address: 2 ** 52 - MIB }, 0xf_ffff_fff0_0000n],
    ['both', { mappedGib: 64, address: 0x30_0010_0000 }, 0x30_0010_0040n],
  ])('has in an entry %s [K]', (_what, decoded, value) => {
    expect(encodeRstEntry(decoded)).toBe(value)
    expect(decodeRstEntry(value)).toEqual(decoded)
  })

  it('has entries that come back as they were encoded', () => {
    fc.assert(
      fc.property(entry, (some) => {
        expect(decodeRstEntry(encodeRstEntry(some))).toEqual(some)
      }),
    )
  })

  it('ignores the bits above the address', () => {
    expect(decodeRstEntry(0xfff0_0000_0000_0000n)).toEqual({ mappedGib: 0, address: 0 })
  })

  test.each([
    ['2^20 GiB', { mappedGib: 2 ** 20, address: 0 }],
    ['a part of a GiB', { mappedGib: 0.5, address: 0 }],
    ['a negative size', { mappedGib: -1, address: 0 }],
    ['an address that is not 1 MiB aligned', { mappedGib: 1, address: 0x8_0000 }],
    ['an address of 2^52', { mappedGib: 1, address: 2 ** 52 }],
  ])('asserts against %s', (_what, some) => {
    expect(() => encodeRstEntry(some)).toThrow('assertion failed')
  })
})
