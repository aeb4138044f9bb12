import { assert, type Gpa } from './units.ts'

/** What one RMP entry says of its page, or of 512 pages when its size is 2M. */
export interface RmpEntry {
  /** The page belongs to a guest or to the firmware; `false` is what RMPOPT calls HV-owned. */
  readonly assigned: boolean
  readonly size: PageSize
  /** Software cannot change the entry, only the firmware can. */
  readonly immutable: boolean
  /** The guest has accepted the page with PVALIDATE. */
  readonly validated: boolean
  /** The page holds the saved state of a virtual CPU. */
  readonly vmsa: boolean
  /** Whose page it is, 0 (no guest) to 1023: 10 bits in the raw entry. */
  readonly asid: number
  /** Where the guest sees the page, in bytes: a multiple of 4 KiB below 2^51. */
  readonly gpa: Gpa
}

export type PageSize = '4K' | '2M'

/** A hypervisor page: an RMP of zeroes has this everywhere. [K] */
export const RMP_ENTRY_DEFAULT: RmpEntry = {
  assigned: false,
  size: '4K',
  immutable: false,
  validated: false,
  vmsa: false,
  asid: 0,
  gpa: 0,
}

/**
 * The two quadwords of an entry in memory. The layout is not architectural: this is that of Zen 3 and 4, later CPUs offer
 * RMPREAD instead. [K]
 *
 * | bits of `lo` | 0 | 1 | 2 | 3–11 | 12–50 | 51–60 | 61 | 62 | 63 |
 * |---|---|---|---|---|---|---|---|---|---|
 * | | assigned | 2M | immutable | reserved | guest frame number | asid | vmsa | validated | reserved |
 *
 * `hi` is not described (VMPL permissions [APM]): 0 when encoded.
 */
export interface RawRmpEntry {
  readonly lo: bigint
  readonly hi: bigint
}

/** The raw form of `entry`, reserved bits 0. Asserts the ranges of `gpa` and `asid`. */
export function encodeRawEntry(entry: RmpEntry): RawRmpEntry {
  assertGpa(entry.gpa)
  assert(Number.isInteger(entry.asid) && entry.asid >= 0 && entry.asid < 2 ** 10, `asid ${entry.asid} fits in 10 bits`)
  const lo =
    bit(entry.assigned, 0n) |
    bit(entry.size === '2M', 1n) |
    bit(entry.immutable, 2n) |
    BigInt(entry.gpa) | // the guest frame number sits at bit 12: the address as it is
    (BigInt(entry.asid) << 51n) |
    bit(entry.vmsa, 61n) |
    bit(entry.validated, 62n)
  return { lo, hi: 0n }
}

/** The entry that a raw low quadword holds. Reserved bits are ignored: every quadword decodes. */
export function decodeRawEntry(lo: bigint): RmpEntry {
  return {
    assigned: hasBit(lo, 0n),
    size: hasBit(lo, 1n) ? '2M' : '4K',
    immutable: hasBit(lo, 2n),
    validated: hasBit(lo, 62n),
    vmsa: hasBit(lo, 61n),
    asid: Number((lo >> 51n) & 0x3ffn),
    gpa: Number(lo & RAW_GPA_MASK),
  }
}

/** The 16 bytes of `entry` in memory, little-endian, low quadword first. Asserts as {@link encodeRawEntry}. */
export function rawEntryBytes(entry: RmpEntry): Uint8Array {
  const { lo, hi } = encodeRawEntry(entry)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, lo, true)
  view.setBigUint64(8, hi, true)
  return bytes
}

/** The entry that 16 bytes of an RMP hold. Reserved bits and the high quadword are ignored. Asserts the length. */
export function rawEntryFromBytes(bytes: Uint8Array): RmpEntry {
  return decodeRawEntry(viewOf16(bytes).getBigUint64(0, true))
}

/** What RMPREAD writes to memory. [K] Its 16 bytes are those of {@link RmpUpdateInput}, with `hpageRegionStatus` besides. */
export interface RmpReadForm extends RmpUpdateInput {
  /** The summary of the 2 MiB region around the page; RMPOPT looks at these rather than at every entry. [K] [L v2] */
  readonly hpageRegionStatus: boolean
}

/** What RMPUPDATE reads from memory: the state that the page shall have. [K] */
export interface RmpUpdateInput {
  /** In bytes: a multiple of 4 KiB below 2^51. */
  readonly gpa: Gpa
  readonly assigned: boolean
  readonly size: PageSize
  readonly immutable: boolean
  /** 0 to 2^32 − 1: the field is wider than the 10 bits of a raw entry. Which of them exist is the machine's to say. */
  readonly asid: number
}

/**
 * The 16 bytes of RMPREAD output, little-endian, reserved bits 0. [K] Asserts the ranges of `gpa` and `asid`.
 *
 * | bytes | 0–7 | 8 | 9 | 10 | 11 | 12–15 |
 * |---|---|---|---|---|---|---|
 * | | gpa | bit 0 assigned | bit 0 2M, bit 1 hpage_region_status | bit 0 immutable | reserved | asid |
 */
export function encodeRmpRead(form: RmpReadForm): Uint8Array {
  const bytes = encodeRmpUpdateInput(form)
  if (form.hpageRegionStatus) bytes[9] |= 2
  return bytes
}

/**
 * What 16 bytes of RMPREAD output say. Reserved bits, and bits of the gpa outside [50:12], are ignored: a later CPU may define
 * them, and a reader must not fail for it. Asserts the length.
 */
export function decodeRmpRead(bytes: Uint8Array): RmpReadForm {
  const view = viewOf16(bytes)
  return {
    gpa: Number(view.getBigUint64(0, true) & RAW_GPA_MASK),
    assigned: (bytes[8] & 1) !== 0,
    size: (bytes[9] & 1) !== 0 ? '2M' : '4K',
    hpageRegionStatus: (bytes[9] & 2) !== 0,
    immutable: (bytes[10] & 1) !== 0,
    asid: view.getUint32(12, true),
  }
}

/** The 16 bytes of RMPUPDATE input: those of {@link encodeRmpRead} with hpage_region_status 0. [K] Asserts the same ranges. */
export function encodeRmpUpdateInput(input: RmpUpdateInput): Uint8Array {
  assertGpa(input.gpa)
  assert(Number.isInteger(input.asid) && input.asid >= 0 && input.asid < 2 ** 32, `asid ${input.asid} fits in 32 bits`)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(input.gpa), true)
  bytes[8] = input.assigned ? 1 : 0
  bytes[9] = input.size === '2M' ? 1 : 0
  bytes[10] = input.immutable ? 1 : 0
  view.setUint32(12, input.asid, true)
  return bytes
}

/**
 * The state that 16 bytes of RMPUPDATE input ask for; `undefined` when a reserved bit is set, hpage_region_status among
 * them, or the gpa is not a multiple of 4 KiB below 2^51: the caller's error, for which RMPUPDATE returns FAIL_INPUT [A].
 * Asserts the length.
 */
export function decodeRmpUpdateInput(bytes: Uint8Array): RmpUpdateInput | undefined {
  const { hpageRegionStatus: _, ...input } = decodeRmpRead(bytes)
  const isCanonical = encodeRmpUpdateInput(input).every((byte, i) => byte === bytes[i])
  return isCanonical ? input : undefined
}

/** Bits [50:12]: a 39-bit frame number as an address. */
const RAW_GPA_MASK = ((1n << 39n) - 1n) << 12n

function viewOf16(bytes: Uint8Array): DataView {
  assert(bytes.length === 16, `an RMP entry has 16 bytes, not ${bytes.length}`)
  return new DataView(bytes.buffer, bytes.byteOffset, 16)
}

function assertGpa(gpa: Gpa): void {
  assert(gpa % 4096 === 0 && gpa >= 0 && gpa < 2 ** 51, `gpa 0x${gpa.toString(16)} is a multiple of 4 KiB below 2^51`)
}

function bit(set: boolean, position: bigint): bigint {
  return set ? 1n << position : 0n
}

function hasBit(value: bigint, position: bigint): boolean {
  return ((value >> position) & 1n) !== 0n
}
