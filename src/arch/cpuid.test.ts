import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { type CpuFeatures, decodeCpuid, encodeCpuid } from './index.ts'

const NONE: CpuFeatures = {
  snp: false,
  rmpquery: false,
  rmpread: false,
  segmentedRmp: false,
  rmpopt: false,
  minSegmentShift: 0,
  maxSegmentShift: 0,
  cacheableSegments: 0,
  segmentCountIsHard: false,
}

const features = fc
  .record({
    snp: fc.boolean(),
    rmpquery: fc.boolean(),
    rmpread: fc.boolean(),
    segmentedRmp: fc.boolean(),
    rmpopt: fc.boolean(),
    minSegmentShift: fc.nat(63),
    maxSegmentShift: fc.nat(63),
    cacheableSegments: fc.nat(1023),
    segmentCountIsHard: fc.boolean(),
  })
  .filter(({ minSegmentShift, maxSegmentShift }) => minSegmentShift <= maxSegmentShift)

/** The four registers in the order 8000_001F EAX, 8000_0025 EAX, EBX, EDX. */
function registers(some: Partial<CpuFeatures>): number[] {
  const { leaf8000001f, leaf80000025 } = encodeCpuid({ ...NONE, ...some })
  return [leaf8000001f.eax, leaf80000025.eax, leaf80000025.ebx, leaf80000025.edx]
}

describe('CPUID (§2)', () => {
  test.each<[string, string, Partial<CpuFeatures>, number[]]>([
    ['8000_001F EAX bit 4 says SEV-SNP', '[K]', { snp: true }, [2 ** 4, 0, 0, 0]],
    ['8000_001F EAX bit 6 says RMPQUERY', '[APM]', { rmpquery: true }, [2 ** 6, 0, 0, 0]],
    ['8000_001F EAX bit 21 says RMPREAD', '[K]', { rmpread: true }, [2 ** 21, 0, 0, 0]],
    ['8000_001F EAX bit 23 says segmented RMP', '[K]', { segmentedRmp: true }, [2 ** 23, 0, 0, 0]],
    ['8000_0025 EAX [11:6] is the largest segment', '[K]', { maxSegmentShift: 63 }, [0, 0xfc0, 0, 0]],
    ['8000_0025 EAX [5:0] is the smallest', '[K]', { minSegmentShift: 0x24, maxSegmentShift: 0x2a }, [0, 0xaa4, 0, 0]],
    ['8000_0025 EBX [9:0] counts cacheable segments', '[K]', { cacheableSegments: 0x3ff }, [0, 0, 0x3ff, 0]],
    ['8000_0025 EBX bit 10 says the count is hard', '[K]', { segmentCountIsHard: true }, [0, 0, 0x400, 0]],
    ['8000_0025 EDX bit 0 says RMPOPT', '[L]', { rmpopt: true }, [0, 0, 0, 1]],
  ])('%s %s', (_what, _tag, some, expected) => {
    expect(registers(some)).toEqual(expected)
  })

  it('comes back as it was encoded', () => {
    fc.assert(
      fc.property(features, (some) => {
        expect(decodeCpuid(encodeCpuid(some))).toEqual(some)
      }),
    )
  })

  it('decodes registers whose unknown bits are set', () => {
    const every = 0xffff_ffff
    const decoded = decodeCpuid({ leaf8000001f: { eax: every }, leaf80000025: { eax: every, ebx: every, edx: every } })
    expect(decoded).toEqual({
      snp: true,
      rmpquery: true,
      rmpread: true,
      segmentedRmp: true,
      rmpopt: true,
      minSegmentShift: 63,
      maxSegmentShift: 63,
      cacheableSegments: 1023,
      segmentCountIsHard: true,
    })
    const unknown = {
      leaf8000001f: { eax: every - 2 ** 4 - 2 ** 6 - 2 ** 21 - 2 ** 23 },
      leaf80000025: { eax: every - 0xfff, ebx: every - 0x7ff, edx: every - 1 },
    }
    expect(decodeCpuid(unknown)).toEqual(NONE)
  })

  test.each<[string, Partial<CpuFeatures>]>([
    ['a segment shift of 64', { maxSegmentShift: 64 }],
    ['a negative segment shift', { minSegmentShift: -1 }],
    ['a fraction', { maxSegmentShift: 36.5 }],
    ['1024 cacheable segments', { cacheableSegments: 1024 }],
    ['a minimum above the maximum', { minSegmentShift: 37, maxSegmentShift: 36 }],
  ])('asserts against %s', (_what, some) => {
    expect(() => registers(some)).toThrow('assertion failed')
  })
})
