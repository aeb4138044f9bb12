/**
 * How an instruction says no: with a return code in EAX, or with a fault.
 *
 * RMPUPDATE, PSMASH, RMPADJUST and PVALIDATE return a code; RMPOPT does not, it answers in RFLAGS.CF and leaves RAX
 * alone. [L v7]
 */
import type { Gpa, Spa } from './units.ts'

export const SUCCESS = 0 // [APM]
export const FAIL_INPUT = 1 // [APM]
export const FAIL_PERMISSION = 2 // [APM]
export const FAIL_INUSE = 3 // [APM]
/** RMPUPDATE only; Linux retries on this one. [APM] */
export const FAIL_OVERLAP = 4
/** PVALIDATE and RMPADJUST only. [K] */
export const FAIL_SIZEMISMATCH = 6

export type ReturnCode =
  | typeof SUCCESS
  | typeof FAIL_INPUT
  | typeof FAIL_PERMISSION
  | typeof FAIL_INUSE
  | typeof FAIL_OVERLAP
  | typeof FAIL_SIZEMISMATCH

const RETURN_CODE_NAMES: Readonly<Record<ReturnCode, string>> = {
  [SUCCESS]: 'SUCCESS',
  [FAIL_INPUT]: 'FAIL_INPUT',
  [FAIL_PERMISSION]: 'FAIL_PERMISSION',
  [FAIL_INUSE]: 'FAIL_INUSE',
  [FAIL_OVERLAP]: 'FAIL_OVERLAP',
  [FAIL_SIZEMISMATCH]: 'FAIL_SIZEMISMATCH',
}

/** The name of a code, as the constants above are called. */
export function returnCodeName(code: ReturnCode): string {
  return RETURN_CODE_NAMES[code]
}

/**
 * What an instruction or an access raises instead of completing. `address` is the system physical address behind the
 * access, in bytes: this project models no page tables, so it stands for the virtual (#PF) or guest physical (#NPF) address
 * that hardware reports.
 *
 * `errorCode` is a sum of the bits below and may exceed 32 bits: add them, and ask with {@link errorCodeHas}. JavaScript's
 * `|` and `&` would silently drop the high ones, and turn bit 31 negative.
 */
export type Fault =
  | { readonly vector: '#UD' | '#GP' }
  | { readonly vector: '#PF' | '#NPF'; readonly errorCode: number; readonly address: Spa | Gpa }

/** Bit 0: the page is present; bits 0 to 2 mean the same in #PF and #NPF. [K] */
export const PF_PRESENT = 2 ** 0
/** Bit 1: the access was a write. [K] */
export const PF_WRITE = 2 ** 1
/** Bit 2: the access was made in user mode. [K] */
export const PF_USER = 2 ** 2
/** RMP violation, in a #PF. [K] */
export const PF_RMP = 2 ** 31
/** RMP violation, in a #NPF. [K] */
export const NPF_RMP = 2 ** 31
/** The fault is on the final page of the nested walk. [K] */
export const NPF_FINAL = 2 ** 32
/** The fault is on a page of the guest's page tables. [K] */
export const NPF_TABLE = 2 ** 33
/** The C bit was set: a private access. [K] */
export const NPF_ENC = 2 ** 34
/** Page size mismatch: of the RMP entry against the nested mapping or the request. [K] */
export const NPF_SIZEM = 2 ** 35
/** VMPL permissions do not allow the access. [K] */
export const NPF_VMPL = 2 ** 36

/** Whether `errorCode` has `bit`, one of the `PF_` and `NPF_` constants. */
export function errorCodeHas(errorCode: number, bit: number): boolean {
  return Math.floor(errorCode / bit) % 2 === 1
}

/**
 * One line for people: `#GP`, or `#PF(0x80000003) at 0x40000000: PRESENT WRITE RMP`. Bits without a name here are shown
 * as their sum in hexadecimal.
 */
export function formatFault(fault: Fault): string {
  if (!('errorCode' in fault)) return fault.vector
  const { vector, errorCode, address } = fault
  const named = ERROR_BIT_NAMES[vector].filter(([bit]) => errorCodeHas(errorCode, bit))
  const unnamed = named.reduce((rest, [bit]) => rest - bit, errorCode)
  const words = named.map(([, name]) => ` ${name}`).join('') + (unnamed === 0 ? '' : ` ${hex(unnamed)}`)
  return `${vector}(${hex(errorCode)}) at ${hex(address)}${words === '' ? '' : `:${words}`}`
}

const COMMON_BIT_NAMES = [
  [PF_PRESENT, 'PRESENT'],
  [PF_WRITE, 'WRITE'],
  [PF_USER, 'USER'],
] as const

const ERROR_BIT_NAMES: Readonly<Record<'#PF' | '#NPF', readonly (readonly [bit: number, name: string])[]>> = {
  '#PF': [...COMMON_BIT_NAMES, [PF_RMP, 'RMP']],
  '#NPF': [
    ...COMMON_BIT_NAMES,
    [NPF_RMP, 'RMP'],
    [NPF_FINAL, 'FINAL'],
    [NPF_TABLE, 'TABLE'],
    [NPF_ENC, 'ENC'],
    [NPF_SIZEM, 'SIZEM'],
    [NPF_VMPL, 'VMPL'],
  ],
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
