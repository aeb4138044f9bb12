import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  errorCodeHas,
  FAIL_INPUT,
  FAIL_INUSE,
  FAIL_OVERLAP,
  FAIL_PERMISSION,
  FAIL_SIZEMISMATCH,
  formatFault,
  NPF_ENC,
  NPF_FINAL,
  NPF_RMP,
  NPF_SIZEM,
  NPF_TABLE,
  NPF_VMPL,
  PF_PRESENT,
  PF_RMP,
  PF_USER,
  PF_WRITE,
  type ReturnCode,
  returnCodeName,
  SUCCESS,
} from './index.ts'

describe('return codes in EAX (§2)', () => {
  test.each<[string, number, string, ReturnCode]>([
    ['SUCCESS', 0, '[APM]', SUCCESS],
    ['FAIL_INPUT', 1, '[APM]', FAIL_INPUT],
    ['FAIL_PERMISSION', 2, '[APM]', FAIL_PERMISSION],
    ['FAIL_INUSE', 3, '[APM]', FAIL_INUSE],
    ['FAIL_OVERLAP', 4, '[APM]', FAIL_OVERLAP],
    ['FAIL_SIZEMISMATCH', 6, '[K]', FAIL_SIZEMISMATCH],
  ])('%s is %i %s', (name, value, _tag, code) => {
    expect(code).toBe(value)
    expect(returnCodeName(code)).toBe(name)
  })
})

const ERROR_BITS: [string, number, number][] = [
  ['PF_PRESENT', 0, PF_PRESENT],
  ['PF_WRITE', 1, PF_WRITE],
  ['PF_USER', 2, PF_USER],
  ['PF_RMP', 31, PF_RMP],
  ['NPF_RMP', 31, NPF_RMP],
  ['NPF_FINAL', 32, NPF_FINAL],
  ['NPF_TABLE', 33, NPF_TABLE],
  ['NPF_ENC', 34, NPF_ENC],
  ['NPF_SIZEM', 35, NPF_SIZEM],
  ['NPF_VMPL', 36, NPF_VMPL],
]

describe('page fault error codes (§2)', () => {
  test.each(ERROR_BITS)('%s is bit %i [K]', (_name, bit, mask) => {
    expect(BigInt(mask)).toBe(1n << BigInt(bit))
  })

  it('can be asked for any bit, also above the 32 that bit operators see', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 37n) - 1n), fc.constantFrom(...ERROR_BITS), (code, [, bit, mask]) => {
        expect(errorCodeHas(Number(code), mask)).toBe(((code >> BigInt(bit)) & 1n) === 1n)
      }),
    )
  })
})

describe('formatFault', () => {
  it('names #UD and #GP and nothing more', () => {
    expect(formatFault({ vector: '#UD' })).toBe('#UD')
    expect(formatFault({ vector: '#GP' })).toBe('#GP')
  })

  it('names the bits of a #PF', () => {
    const errorCode = PF_PRESENT + PF_WRITE + PF_RMP
    expect(formatFault({ vector: '#PF', errorCode, address: 0x40000000 })).toBe(
      '#PF(0x80000003) at 0x40000000: PRESENT WRITE RMP',
    )
  })

  it('names every bit of a #NPF', () => {
    expect(formatFault({ vector: '#NPF', errorCode: 0x1f80000007, address: 0xffffffffff000 })).toBe(
      '#NPF(0x1f80000007) at 0xffffffffff000: PRESENT WRITE USER RMP FINAL TABLE ENC SIZEM VMPL',
    )
  })

  it('shows bits without a name as their sum, such as those of a #NPF in a #PF', () => {
    expect(formatFault({ vector: '#PF', errorCode: 0x100000019, address: 0 })).toBe(
      '#PF(0x100000019) at 0x0: PRESENT 0x100000018',
    )
  })

  it('ends after the address when no bit is set', () => {
    expect(formatFault({ vector: '#PF', errorCode: 0, address: 0x1000 })).toBe('#PF(0x0) at 0x1000')
  })
})
