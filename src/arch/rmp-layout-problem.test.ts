import { describe, expect, it, test } from 'vitest'
import { type ContiguousRmp, GIB, KIB, layoutProblem, MIB, type SegmentedRmp } from './index.ts'

const RAM = [
  { start: 0, end: 3 * GIB },
  { start: 4 * GIB, end: 65 * GIB },
]
const BASE = 2 * GIB
const END = BASE + 16 * KIB + 65 * 4 * MIB - 1
const contiguous: ContiguousRmp = { kind: 'contiguous', base: BASE, end: END }
const segmented: SegmentedRmp = {
  kind: 'segmented',
  base: BASE,
  segmentShift: 36,
  segments: [
    { mappedGib: 64, address: BASE + MIB },
    { mappedGib: 1, address: BASE + 257 * MIB },
  ],
}

describe('layoutProblem (§3)', () => {
  it('finds nothing wrong with an aligned RMP that covers all RAM [K]', () => {
    expect(layoutProblem(contiguous, RAM)).toBeUndefined()
    expect(layoutProblem(segmented, RAM)).toBeUndefined()
  })

  test.each<[string, Partial<ContiguousRmp>, string]>([
    ['a base not 8 KiB aligned', { base: BASE + 4 * KIB }, 'RMP base 0x80001000 is not 8 KiB aligned'],
    ['an end + 1 not 8 KiB aligned', { end: END + 4 * KIB }, 'RMP end 0x90404fff + 1 is not 8 KiB aligned'],
    [
      'no room for entries',
      { end: BASE + 16 * KIB - 1 },
      'RMP 0x80000000 to 0x80003fff has no room for entries after its 16 KiB of bookkeeping',
    ],
    [
      'RAM beyond its entries',
      { end: END - 8 * KIB },
      'RMP does not cover all RAM: nothing from 0x103fe00000, RAM goes on to 0x1040000000',
    ],
  ])('refuses a contiguous RMP with %s [K]', (_what, some, problem) => {
    expect(layoutProblem({ ...contiguous, ...some }, RAM)).toBe(problem)
  })

  it('asks no more of a contiguous RMP than 8 KiB: 1 MiB is what the firmware wants [K]', () => {
    expect(layoutProblem({ kind: 'contiguous', base: BASE + 8 * KIB, end: END + 8 * KIB }, RAM)).toBeUndefined()
  })

  test.each<[string, Partial<SegmentedRmp>, string]>([
    ['a base not 8 KiB aligned', { base: BASE + 4 * KIB }, 'RMP base 0x80001000 is not 8 KiB aligned'],
    ['segments smaller than a GiB', { segmentShift: 29 }, 'RMP segment shift 29 is not from 30 (1 GiB segments) to 63'],
    ['a shift that RMP_CFG cannot hold', { segmentShift: 64 }, 'RMP segment shift 64 is not from 30 (1 GiB segments) to 63'],
    ['a broken shift', { segmentShift: 36.5 }, 'RMP segment shift 36.5 is not from 30 (1 GiB segments) to 63'],
    [
      'more segments than its table holds',
      { segments: Array.from({ length: 513 }, (_, i) => ({ mappedGib: 64, address: i * GIB })) },
      'RMP has 513 segments, its table holds 512',
    ],
    [
      'a segment not 1 MiB aligned',
      { segments: [segmented.segments[0], { mappedGib: 1, address: 0x8_0000 }] },
      'RMP segment 1 at 0x80000 is not 1 MiB aligned',
    ],
    [
      'a segment that maps too little',
      { segments: [{ mappedGib: 63, address: GIB }, segmented.segments[1]] },
      'RMP does not cover all RAM: nothing from 0xfc0000000, RAM goes on to 0x1040000000',
    ],
    [
      'no entries where RAM begins',
      { segments: [{ mappedGib: 0, address: 0 }, segmented.segments[1]] },
      'RMP does not cover all RAM: nothing from 0x0',
    ],
  ])('refuses a segmented RMP with %s [K]', (_what, some, problem) => {
    expect(layoutProblem({ ...segmented, ...some }, RAM)).toBe(problem)
  })

  it('does not mind holes in the RMP where there is no RAM, nor the address of a segment that is not mapped', () => {
    const holed: SegmentedRmp = {
      ...segmented,
      segments: [segmented.segments[0], { mappedGib: 0, address: 1 }, { mappedGib: 1, address: 8 * GIB }],
    }
    const ram = [
      { start: 0, end: 64 * GIB },
      { start: 128 * GIB, end: 129 * GIB },
    ]
    expect(layoutProblem(holed, ram)).toBeUndefined()
  })

  it('does not mind in how many ranges the RAM is listed, nor empty ones', () => {
    const pieces = [
      { start: 40 * GIB, end: 65 * GIB },
      { start: 0, end: 40 * GIB },
      { start: 99 * GIB, end: 99 * GIB },
    ]
    expect(layoutProblem(segmented, pieces)).toBeUndefined()
  })

  it('names the lowest RAM that is not covered, also where it begins just after what is', () => {
    const ram = [
      { start: 90 * GIB, end: 91 * GIB },
      { start: 65 * GIB, end: 66 * GIB },
    ]
    expect(layoutProblem(segmented, ram)).toBe('RMP does not cover all RAM: nothing from 0x1040000000')
  })
})
