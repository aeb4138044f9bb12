import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  decodeRawEntry,
  decodeRmpRead,
  decodeRmpUpdateInput,
  encodeRawEntry,
  encodeRmpRead,
  encodeRmpUpdateInput,
  RMP_ENTRY_DEFAULT,
  type RmpEntry,
  type RmpReadForm,
  type RmpUpdateInput,
  rawEntryBytes,
  rawEntryFromBytes,
} from './index.ts'

const size = fc.constantFrom('4K', '2M')
const gpa = fc.maxSafeNat().map((n) => (n % 2 ** 39) * 4096)
const entry: fc.Arbitrary<RmpEntry> = fc.record({
  assigned: fc.boolean(),
  size,
  immutable: fc.boolean(),
  validated: fc.boolean(),
  vmsa: fc.boolean(),
  asid: fc.nat(1023),
  gpa,
})
const updateInput: fc.Arbitrary<RmpUpdateInput> = fc.record({
  gpa,
  assigned: fc.boolean(),
  size,
  immutable: fc.boolean(),
  asid: fc.nat(0xffff_ffff),
})
const readForm: fc.Arbitrary<RmpReadForm> = fc
  .tuple(updateInput, fc.boolean())
  .map(([input, hpageRegionStatus]) => ({ ...input, hpageRegionStatus }))
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 })

const RAW_RESERVED = (0x1ffn << 3n) | (1n << 63n)
const GPA_MAX = 2 ** 51 - 4096

describe('raw RMP entry, Zen 3/4 layout (§3)', () => {
  test.each<[string, Partial<RmpEntry>, bigint]>([
    ['assigned in bit 0', { assigned: true }, 1n << 0n],
    ['page size in bit 1, 1 = 2M', { size: '2M' }, 1n << 1n],
    ['immutable in bit 2', { immutable: true }, 1n << 2n],
    ['a guest frame number of 39 bits from bit 12', { gpa: GPA_MAX }, ((1n << 39n) - 1n) << 12n],
    ['the frame number, not the address', { gpa: 5 * 4096 }, 5n << 12n],
    ['an ASID of 10 bits from bit 51', { asid: 1023 }, 0x3ffn << 51n],
    ['vmsa in bit 61', { vmsa: true }, 1n << 61n],
    ['validated in bit 62', { validated: true }, 1n << 62n],
  ])('has %s [K]', (_what, some, lo) => {
    expect(encodeRawEntry({ ...RMP_ENTRY_DEFAULT, ...some })).toEqual({ lo, hi: 0n })
    expect(decodeRawEntry(lo)).toEqual({ ...RMP_ENTRY_DEFAULT, ...some })
  })

  it('is all zero for the default entry, and an RMP of zeroes has that everywhere (§4) [K]', () => {
    expect(rawEntryBytes(RMP_ENTRY_DEFAULT)).toEqual(new Uint8Array(16))
    expect(rawEntryFromBytes(new Uint8Array(16))).toEqual(RMP_ENTRY_DEFAULT)
  })

  it('comes back as it was encoded, reserved bits zero', () => {
    fc.assert(
      fc.property(entry, (some) => {
        const { lo } = encodeRawEntry(some)
        expect(decodeRawEntry(lo)).toEqual(some)
        expect(lo & RAW_RESERVED).toBe(0n)
      }),
    )
  })

  it('encodes back to every quadword it was decoded from, but for the reserved bits', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (lo) => {
        expect(encodeRawEntry(decodeRawEntry(lo)).lo).toBe(lo & ~RAW_RESERVED)
      }),
    )
  })

  it('lies in memory little-endian, low quadword first', () => {
    const guestPage: RmpEntry = { ...RMP_ENTRY_DEFAULT, assigned: true, validated: true, asid: 5, gpa: 0x1234_5000 }
    const bytes = [0x01, 0x50, 0x34, 0x12, 0x00, 0x00, 0x28, 0x40, 0, 0, 0, 0, 0, 0, 0, 0]
    expect([...rawEntryBytes(guestPage)]).toEqual(bytes)
    expect(rawEntryFromBytes(Uint8Array.from(bytes))).toEqual(guestPage)
  })

  it('is read from bytes that are part of a larger buffer, whatever its high quadword', () => {
    fc.assert(
      fc.property(entry, bytes16, fc.nat(7), (some, noise, offset) => {
        const dump = new Uint8Array(32)
        dump.set(noise, offset)
        dump.set(rawEntryBytes(some).subarray(0, 8), offset)
        expect(rawEntryFromBytes(dump.subarray(offset, offset + 16))).toEqual(some)
      }),
    )
  })

  test.each<[string, Partial<RmpEntry>]>([
    ['an ASID of 1024', { asid: 1024 }],
    ['a negative ASID', { asid: -1 }],
    ['a gpa of 2^51', { gpa: 2 ** 51 }],
    ['a gpa that is not page aligned', { gpa: 0x800 }],
    ['a negative gpa', { gpa: -4096 }],
  ])('asserts against %s', (_what, some) => {
    expect(() => encodeRawEntry({ ...RMP_ENTRY_DEFAULT, ...some })).toThrow('assertion failed')
  })

  it.each([0, 8, 15, 17])('asserts against %i bytes', (length) => {
    expect(() => rawEntryFromBytes(new Uint8Array(length))).toThrow('16 bytes')
  })
})

const BLANK: RmpReadForm = { gpa: 0, assigned: false, size: '4K', hpageRegionStatus: false, immutable: false, asid: 0 }
const FULL: RmpReadForm = {
  gpa: 0x7_6543_2102_3000,
  assigned: true,
  size: '2M',
  hpageRegionStatus: true,
  immutable: true,
  asid: 0x8765_4321,
}
const FULL_BYTES = [0x00, 0x30, 0x02, 0x21, 0x43, 0x65, 0x07, 0x00, 0x01, 0x03, 0x01, 0x00, 0x21, 0x43, 0x65, 0x87]

describe('RMPREAD output (§3)', () => {
  test.each<[string, Partial<RmpReadForm>, number, number]>([
    ['assigned in byte 8 bit 0', { assigned: true }, 8, 1],
    ['page size in byte 9 bit 0', { size: '2M' }, 9, 1],
    ['hpage_region_status in byte 9 bit 1', { hpageRegionStatus: true }, 9, 2],
    ['immutable in byte 10 bit 0', { immutable: true }, 10, 1],
    ['the ASID from byte 12', { asid: 7 }, 12, 7],
  ])('has %s [K]', (_what, some, at, value) => {
    const bytes = new Uint8Array(16)
    bytes[at] = value
    expect(encodeRmpRead({ ...BLANK, ...some })).toEqual(bytes)
    expect(decodeRmpRead(bytes)).toEqual({ ...BLANK, ...some })
  })

  it('is little-endian: gpa in bytes, not frames, and a 32-bit ASID [K]', () => {
    expect([...encodeRmpRead(FULL)]).toEqual(FULL_BYTES)
    expect(decodeRmpRead(Uint8Array.from(FULL_BYTES))).toEqual(FULL)
  })

  it('comes back as it was encoded', () => {
    fc.assert(
      fc.property(readForm, (form) => {
        expect(decodeRmpRead(encodeRmpRead(form))).toEqual(form)
      }),
    )
  })

  it('decodes any 16 bytes to what its defined bits say', () => {
    const reserved = Uint8Array.of(0xff, 0x0f, 0, 0, 0, 0, 0xf8, 0xff, 0xfe, 0xfc, 0xfe, 0xff, 0, 0, 0, 0)
    fc.assert(
      fc.property(bytes16, (bytes) => {
        const defined = bytes.map((byte, i) => byte & ~reserved[i])
        expect(encodeRmpRead(decodeRmpRead(bytes))).toEqual(defined)
      }),
    )
  })

  it('asserts against anything but 16 bytes', () => {
    expect(() => decodeRmpRead(new Uint8Array(15))).toThrow('16 bytes')
  })
})

describe('RMPUPDATE input (§3)', () => {
  it('has the bytes of RMPREAD output with hpage_region_status 0 [K]', () => {
    fc.assert(
      fc.property(updateInput, (input) => {
        expect(encodeRmpUpdateInput(input)).toEqual(encodeRmpRead({ ...input, hpageRegionStatus: false }))
      }),
    )
  })

  it('comes back as it was encoded', () => {
    fc.assert(
      fc.property(updateInput, (input) => {
        expect(decodeRmpUpdateInput(encodeRmpUpdateInput(input))).toEqual(input)
      }),
    )
  })

  test.each([
    ['a gpa within a page', 0, 0x01],
    ['a gpa within a page, highest such bit', 1, 0x08],
    ['a gpa of 2^51', 6, 0x08],
    ['a gpa of 2^63', 7, 0x80],
    ['byte 8 bit 1', 8, 0x02],
    ['byte 8 bit 7', 8, 0x80],
    ['hpage_region_status', 9, 0x02],
    ['byte 9 bit 2', 9, 0x04],
    ['byte 10 bit 1', 10, 0x02],
    ['byte 11', 11, 0x01],
  ])("is undefined, the caller's error, with %s [A]", (_what, at, value) => {
    const bytes = encodeRmpUpdateInput({ gpa: 0x2000, assigned: true, size: '2M', immutable: true, asid: 1 })
    expect(decodeRmpUpdateInput(bytes)).toBeDefined()
    bytes[at] |= value
    expect(decodeRmpUpdateInput(bytes)).toBeUndefined()
  })

  test.each<[string, Partial<RmpUpdateInput>]>([
    ['an ASID of 2^32', { asid: 2 ** 32 }],
    ['a gpa of 2^51', { gpa: 2 ** 51 }],
    ['a gpa that is not page aligned', { gpa: 1 }],
  ])('asserts when encoding %s', (_what, some) => {
    expect(() => encodeRmpUpdateInput({ ...BLANK, ...some })).toThrow('assertion failed')
  })
})
