import { assert, GIB, type Spa } from './units.ts'

export const MSR_SYSCFG = 0xc001_0010 // [K]
export const MSR_RMP_BASE = 0xc001_0132 // [K]
/** Last byte of a contiguous RMP; 0 when the RMP is segmented. [K] */
export const MSR_RMP_END = 0xc001_0133
export const MSR_RMP_CFG = 0xc001_0136 // [K]
export const MSR_RMPOPT_BASE = 0xc001_0139 // [L]

export const MSR_NAMES: Readonly<Record<number, string>> = {
  [MSR_SYSCFG]: 'SYSCFG',
  [MSR_RMP_BASE]: 'RMP_BASE',
  [MSR_RMP_END]: 'RMP_END',
  [MSR_RMP_CFG]: 'RMP_CFG',
  [MSR_RMPOPT_BASE]: 'RMPOPT_BASE',
}

/** The name of MSR number `msr`, or `MSR 0x…` for one that is not of this project. */
export function msrName(msr: number): string {
  return MSR_NAMES[msr] ?? `MSR 0x${msr.toString(16)}`
}

/** SYSCFG bit 19, MtrrFixDramModEn. [K] */
export const SYSCFG_MFDM = 1n << 19n
/** SYSCFG bit 23, memory encryption. [K] */
export const SYSCFG_MEM_ENCRYPT = 1n << 23n
/** SYSCFG bit 24: this CPU checks accesses against the RMP. [K] */
export const SYSCFG_SNP_EN = 1n << 24n
/** SYSCFG bit 25. [K] */
export const SYSCFG_VMPL_EN = 1n << 25n

/** The contents of RMP_CFG. */
export interface RmpCfg {
  /** Bit 0: the RMP is segmented. [K] */
  readonly segmented: boolean
  /** Bits [13:8], 0 to 63: log2 of the bytes that a segment covers. [K] */
  readonly segmentShift: number
}

/** The value of RMP_CFG, reserved bits 0. Asserts the range of the shift. */
export function encodeRmpCfg({ segmented, segmentShift }: RmpCfg): bigint {
  assert(Number.isInteger(segmentShift) && segmentShift >= 0 && segmentShift < 64, `segmentShift ${segmentShift} fits in 6 bits`)
  return BigInt(segmentShift * 2 ** 8 + (segmented ? 1 : 0))
}

/** The contents of an RMP_CFG value. Reserved bits are ignored; `encodeRmpCfg(decodeRmpCfg(v)) === v` says there are none. */
export function decodeRmpCfg(value: bigint): RmpCfg {
  return { segmented: (value & 1n) !== 0n, segmentShift: Number((value >> 8n) & 0x3fn) }
}

/** The contents of a core's RMPOPT_BASE. */
export interface RmpoptBase {
  /** Bit 0: RMPOPT works on this core. [L] */
  readonly enabled: boolean
  /** Where the core's RMPOPT table begins, in bytes of SPA: a multiple of 1 GiB below 2^52. [L] */
  readonly base: Spa
}

/** The value of RMPOPT_BASE, reserved bits 0. Asserts the alignment and range of the base. */
export function encodeRmpoptBase({ enabled, base }: RmpoptBase): bigint {
  assert(base % GIB === 0 && base >= 0 && base < 2 ** 52, `RMPOPT_BASE 0x${base.toString(16)} is a multiple of 1 GiB below 2^52`)
  return BigInt(base) + (enabled ? 1n : 0n)
}

/**
 * The contents of an RMPOPT_BASE value: bit 0 and [51:30]. Reserved bits are ignored;
 * `encodeRmpoptBase(decodeRmpoptBase(v)) === v` says there are none.
 */
export function decodeRmpoptBase(value: bigint): RmpoptBase {
  return { enabled: (value & 1n) !== 0n, base: Number((value >> 30n) & 0x3f_ffffn) * GIB }
}
