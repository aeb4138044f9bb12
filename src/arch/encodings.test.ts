import { describe, expect, it, test } from 'vitest'
import { decodeInstruction, type Mnemonic, OPCODES, RMPOPT_REPORT, RMPOPT_VERIFY_AND_REPORT } from './index.ts'

const ROWS: [Mnemonic, string, string][] = [
  ['RMPOPT', 'F2 0F 01 FC', '[L]'],
  ['RMPREAD', 'F2 0F 01 FD', '[K]'],
  ['RMPUPDATE', 'F2 0F 01 FE', '[K]'],
  ['PVALIDATE', 'F2 0F 01 FF', '[K]'],
  ['RMPQUERY', 'F3 0F 01 FD', '[APM]'],
  ['RMPADJUST', 'F3 0F 01 FE', '[K]'],
  ['PSMASH', 'F3 0F 01 FF', '[K]'],
]

describe('instruction encodings (§2)', () => {
  test.each(ROWS)('%s is %s %s', (mnemonic, text) => {
    const bytes = text.split(' ').map((byte) => Number.parseInt(byte, 16))
    expect(OPCODES[mnemonic]).toEqual(bytes)
    expect(decodeInstruction(Uint8Array.from(bytes))).toBe(mnemonic)
  })

  it('has no instruction beyond the table', () => {
    expect(Object.keys(OPCODES).sort()).toEqual(ROWS.map(([mnemonic]) => mnemonic).sort())
  })

  it('decodes no neighbour: without prefix these bytes are other instructions', () => {
    expect(decodeInstruction(Uint8Array.of(0x0f, 0x01, 0xfc))).toBeUndefined()
    expect(decodeInstruction(Uint8Array.of(0xf3, 0x0f, 0x01, 0xfc))).toBeUndefined()
    expect(decodeInstruction(Uint8Array.of(0xf2, 0x0f, 0x00, 0xfc))).toBeUndefined()
  })

  it('does not decode an instruction that is cut off', () => {
    expect(decodeInstruction(Uint8Array.of(0xf2, 0x0f, 0x01))).toBeUndefined()
    expect(decodeInstruction(new Uint8Array())).toBeUndefined()
  })

  it('does not look at the bytes after an instruction', () => {
    expect(decodeInstruction(Uint8Array.of(0xf3, 0x0f, 0x01, 0xff, 0xc3))).toBe('PSMASH')
  })

  it('numbers the functions in RCX of RMPOPT: 0 verify and report, 1 report [L v7]', () => {
    expect([RMPOPT_VERIFY_AND_REPORT, RMPOPT_REPORT]).toEqual([0, 1])
  })
})
