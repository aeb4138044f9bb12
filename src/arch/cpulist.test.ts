import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CPU_NUMBER_MAX, formatCpuList, formatRmpoptTableLine, parseCpuList, parseRmpoptTableLine } from './index.ts'

const cpus = fc.oneof(
  fc.uniqueArray(fc.nat(CPU_NUMBER_MAX), { maxLength: 40 }).map((list) => list.sort((a, b) => a - b)),
  fc.uniqueArray(fc.nat(30), { maxLength: 31 }).map((list) => list.sort((a, b) => a - b)),
)

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

describe("CPU lists in the kernel's %*pbl form (§9)", () => {
  test.each<[string, number[]]>([
    ['', []],
    ['0', [0]],
    ['0-1', [0, 1]],
    ['0,2', [0, 2]],
    ['0-2,4,6-7', [0, 1, 2, 4, 6, 7]],
    ['0-1023', upTo(0, 1023)],
    ['0-255,512-767', [...upTo(0, 255), ...upTo(512, 767)]],
  ])('are written and read: %j [L v1–v8]', (text, list) => {
    expect(formatCpuList(list)).toBe(text)
    expect(parseCpuList(text)).toEqual(list)
  })

  it('come back as they were written', () => {
    fc.assert(
      fc.property(cpus, (list) => {
        expect(parseCpuList(formatCpuList(list))).toEqual(list)
      }),
    )
  })

  it('are written from any iterable', () => {
    expect(formatCpuList(new Set([3, 4, 9]))).toBe('3-4,9')
  })

  it('are read with neighbours not joined', () => {
    expect(parseCpuList('0,1-2,3')).toEqual([0, 1, 2, 3])
  })

  it.each([' ', '0-', '-1', '0,,1', ',', '0 ,1', '2-1', '1,0', '0-3,3', '0-8192', '0-10:2/4', 'all', '0x1', '1e3', '0\n', '٣'])(
    'are not read from %j',
    (text) => {
      expect(parseCpuList(text)).toBeUndefined()
    },
  )

  it.each([[[1, 0]], [[1, 1]], [[-1]], [[0.5]], [[CPU_NUMBER_MAX + 1]]])('assert against %j', (list) => {
    expect(() => formatCpuList(list)).toThrow('assertion failed')
  })
})

describe('lines of debugfs rmpopt-table (§9)', () => {
  test.each<[string, number, number[]]>([
    ['Memory @  0GB: CPU(s): none', 0, []],
    ['Memory @  2GB: CPU(s): 0-1023', 2, upTo(0, 1023)],
    ['Memory @1037GB: CPU(s): 0-255,512-767', 1037, [...upTo(0, 255), ...upTo(512, 767)]],
    ['Memory @ 64GB: CPU(s): 5', 64, [5]],
    ['Memory @999GB: CPU(s): 0,2', 999, [0, 2]],
  ])('are written and read byte for byte: %s [L v1–v8]', (line, gib, list) => {
    expect(formatRmpoptTableLine(gib, list)).toBe(line)
    expect(parseRmpoptTableLine(line)).toEqual({ gib, cpus: list })
  })

  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 22 - 1), cpus, (gib, list) => {
        expect(parseRmpoptTableLine(formatRmpoptTableLine(gib, list))).toEqual({ gib, cpus: list })
      }),
    )
  })

  it.each([
    '',
    'Memory @0GB: CPU(s): none',
    'Memory @ 1037GB: CPU(s): none',
    'Memory @002GB: CPU(s): none',
    'Memory @  2GB: CPU(s): ',
    'Memory @  2GB: CPU(s): 0,1',
    'Memory @  2GB: CPU(s): 00-1',
    'Memory @  2GB: CPU(s): none\n',
    'Memory @  2GB: CPU(s): some',
    ' Memory @  2GB: CPU(s): none',
    'Memory @4194304GB: CPU(s): none',
  ])('are not read from %j, which the kernel does not write', (line) => {
    expect(parseRmpoptTableLine(line)).toBeUndefined()
  })

  it.each([-1, 0.5, 2 ** 22])('assert against GiB number %d', (gib) => {
    expect(() => formatRmpoptTableLine(gib, [])).toThrow('assertion failed')
  })
})
