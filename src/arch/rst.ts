import { assert, MIB, type Spa } from './units.ts'

/** Entries of the RMP segment table (RST). [K] */
export const RST_ENTRIES = 512
/** Bytes of the RST: 512 entries of 8 bytes. [K] */
export const RST_BYTES = RST_ENTRIES * 8

/** One entry of the RMP segment table: where the RMP entries of one segment are. */
export interface RstEntry {
  /** GiB of the segment that have RMP entries, from its start, 0 to 2^20 − 1. 0: none; more than the segment: all of it. [K] */
  readonly mappedGib: number
  /** Where the segment's RMP entries begin: a multiple of 1 MiB below 2^52. [K] */
  readonly address: Spa
}

/** The quadword of an RST entry: [19:0] GiB mapped, [51:20] address, the rest 0. [K] Asserts the ranges. */
export function encodeRstEntry({ mappedGib, address }: RstEntry): bigint {
  assert(Number.isInteger(mappedGib) && mappedGib >= 0 && mappedGib < 2 ** 20, `mapped size ${mappedGib} GiB fits in 20 bits`)
  assert(
    address % MIB === 0 && address >= 0 && address < 2 ** 52,
    `segment address 0x${address.toString(16)} is a multiple of 1 MiB below 2^52`,
  )
  return BigInt(address + mappedGib)
}

/** The inverse of {@link encodeRstEntry}; bits [63:52] are ignored. Not clamped: the entry does not know its segment's size. */
export function decodeRstEntry(value: bigint): RstEntry {
  return { mappedGib: Number(value & 0xf_ffffn), address: Number((value >> 20n) & 0xffff_ffffn) * MIB }
}
