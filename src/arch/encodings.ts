/**
 * The instruction bytes of the RMP instructions. Each is exactly these four bytes: operands are in fixed registers, there
 * is no ModRM to vary.
 */
export const OPCODES = {
  RMPOPT: [0xf2, 0x0f, 0x01, 0xfc], // [L]
  RMPREAD: [0xf2, 0x0f, 0x01, 0xfd], // [K]
  RMPUPDATE: [0xf2, 0x0f, 0x01, 0xfe], // [K]
  PVALIDATE: [0xf2, 0x0f, 0x01, 0xff], // [K]
  RMPQUERY: [0xf3, 0x0f, 0x01, 0xfd], // [APM]
  RMPADJUST: [0xf3, 0x0f, 0x01, 0xfe], // [K]
  PSMASH: [0xf3, 0x0f, 0x01, 0xff], // [K]
} as const satisfies Record<string, readonly [number, number, number, number]>

export type Mnemonic = keyof typeof OPCODES

/** RCX of RMPOPT: read the RMP of the region, set or clear this core's bit, report it in CF. [L v7] */
export const RMPOPT_VERIFY_AND_REPORT = 0
/** RCX of RMPOPT: report the bit in CF, change nothing. [L v7] */
export const RMPOPT_REPORT = 1

/** The RMP instruction that `bytes` begins with (what follows is not looked at), or `undefined` when it is none of them. */
export function decodeInstruction(bytes: Uint8Array): Mnemonic | undefined {
  return MNEMONICS.find((mnemonic) => OPCODES[mnemonic].every((byte, i) => bytes[i] === byte))
}

const MNEMONICS = Object.keys(OPCODES) as Mnemonic[]
