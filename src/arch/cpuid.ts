import { assert } from './units.ts'

/** CPUID 8000_001F EAX bit 4: SEV-SNP. [K] */
export const CPUID_SNP = 1 << 4
/** CPUID 8000_001F EAX bit 6: the RMPQUERY instruction. [APM] */
export const CPUID_RMPQUERY = 1 << 6
/** CPUID 8000_001F EAX bit 21: the RMPREAD instruction. [K] */
export const CPUID_RMPREAD = 1 << 21
/** CPUID 8000_001F EAX bit 23: the RMP may be segmented. [K] */
export const CPUID_SEGMENTED_RMP = 1 << 23
/** CPUID 8000_0025 EBX bit 10: the number of cacheable segments is a hard limit. [K] */
export const CPUID_SEGMENT_COUNT_IS_HARD = 1 << 10
/** CPUID 8000_0025 EDX bit 0: the RMPOPT instruction. [L] */
export const CPUID_RMPOPT = 1 << 0

/** What a CPU says of itself about SNP and the RMP. */
export interface CpuFeatures {
  readonly snp: boolean
  readonly rmpquery: boolean
  readonly rmpread: boolean
  readonly segmentedRmp: boolean
  readonly rmpopt: boolean
  /** log2 of the bytes that the smallest RMP segment covers, 0 to 63. CPUID 8000_0025 EAX [5:0]. [K] */
  readonly minSegmentShift: number
  /** log2 of the bytes that the largest RMP segment covers, 0 to 63. CPUID 8000_0025 EAX [11:6]. [K] */
  readonly maxSegmentShift: number
  /** Segment definitions that the CPU caches, 0 to 1023. CPUID 8000_0025 EBX [9:0]. [K] */
  readonly cacheableSegments: number
  /** Whether there may be no more segments than are cacheable. CPUID 8000_0025 EBX bit 10. [K] */
  readonly segmentCountIsHard: boolean
}

/** The registers of the two leaves, each an unsigned 32-bit number. */
export interface CpuidRegisters {
  readonly leaf8000001f: { readonly eax: number }
  readonly leaf80000025: { readonly eax: number; readonly ebx: number; readonly edx: number }
}

/** The registers that say `features`, all other bits 0. Asserts the ranges, and that minimum ≤ maximum. */
export function encodeCpuid(features: CpuFeatures): CpuidRegisters {
  const { minSegmentShift, maxSegmentShift, cacheableSegments } = features
  assertField('minSegmentShift', minSegmentShift, 6)
  assertField('maxSegmentShift', maxSegmentShift, 6)
  assertField('cacheableSegments', cacheableSegments, 10)
  assert(minSegmentShift <= maxSegmentShift, `minSegmentShift ${minSegmentShift} is at most maxSegmentShift ${maxSegmentShift}`)
  return {
    leaf8000001f: {
      eax:
        flag(features.snp, CPUID_SNP) +
        flag(features.rmpquery, CPUID_RMPQUERY) +
        flag(features.rmpread, CPUID_RMPREAD) +
        flag(features.segmentedRmp, CPUID_SEGMENTED_RMP),
    },
    leaf80000025: {
      eax: minSegmentShift + (maxSegmentShift << 6),
      ebx: cacheableSegments + flag(features.segmentCountIsHard, CPUID_SEGMENT_COUNT_IS_HARD),
      edx: flag(features.rmpopt, CPUID_RMPOPT),
    },
  }
}

/** The inverse of {@link encodeCpuid}. Bits it does not know are ignored: a CPU may well have more features. */
export function decodeCpuid({ leaf8000001f, leaf80000025 }: CpuidRegisters): CpuFeatures {
  return {
    snp: (leaf8000001f.eax & CPUID_SNP) !== 0,
    rmpquery: (leaf8000001f.eax & CPUID_RMPQUERY) !== 0,
    rmpread: (leaf8000001f.eax & CPUID_RMPREAD) !== 0,
    segmentedRmp: (leaf8000001f.eax & CPUID_SEGMENTED_RMP) !== 0,
    rmpopt: (leaf80000025.edx & CPUID_RMPOPT) !== 0,
    minSegmentShift: leaf80000025.eax & 0x3f,
    maxSegmentShift: (leaf80000025.eax >>> 6) & 0x3f,
    cacheableSegments: leaf80000025.ebx & 0x3ff,
    segmentCountIsHard: (leaf80000025.ebx & CPUID_SEGMENT_COUNT_IS_HARD) !== 0,
  }
}

function flag(set: boolean, mask: number): number {
  return set ? mask : 0
}

function assertField(name: string, value: number, bits: number): void {
  assert(Number.isInteger(value) && value >= 0 && value < 1 << bits, `${name} ${value} fits in ${bits} bits`)
}
