import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ContiguousRmp,
  coveredRanges,
  coveredTo,
  entryAddress,
  GIB,
  isCovered,
  KIB,
  MIB,
  mappedBytes,
  ownRanges,
  RMP_BOOKKEEPING_BYTES,
  RMP_ENTRY_BYTES,
  type RmpLayout,
  type SegmentedRmp,
  segmentBytes,
  TIB,
} from './index.ts'

const BASE = 512 * GIB

/** 16 KiB of bookkeeping and the entries of 64 GiB. */
const contiguous: ContiguousRmp = { kind: 'contiguous', base: BASE, end: BASE + 16 * KIB + 256 * MIB - 1 }

/** Segments of 64 GiB: whole, absent, 3 GiB of it, and more than a segment. */
const segmented: SegmentedRmp = {
  kind: 'segmented',
  base: BASE,
  segmentShift: 36,
  segments: [
    { mappedGib: 64, address: BASE + GIB },
    { mappedGib: 0, address: 0 },
    { mappedGib: 3, address: BASE + 2 * GIB },
    { mappedGib: 1000, address: BASE + 3 * GIB },
  ],
}

describe('the RMP (§3)', () => {
  it('has 16 KiB of bookkeeping and 16-byte entries [K]', () => {
    expect([RMP_BOOKKEEPING_BYTES, RMP_ENTRY_BYTES]).toEqual([16384, 16])
  })
})

describe('a contiguous RMP (§3)', () => {
  it('covers SPA 0 up to ((RMP_END + 1 − RMP_BASE − 16 KiB) / 16) × 4 KiB [K]', () => {
    expect(coveredTo(contiguous)).toBe(64 * GIB)
    expect(coveredRanges(contiguous)).toEqual([{ start: 0, end: 64 * GIB }])
    expect(isCovered(contiguous, 64 * GIB - 1)).toBe(true)
    expect(isCovered(contiguous, 64 * GIB)).toBe(false)
  })

  it('has no half entry at its end', () => {
    expect(coveredTo({ ...contiguous, end: contiguous.end - 1 })).toBe(64 * GIB - 4096)
  })

  it('covers nothing when it has room for its bookkeeping only, or not even that', () => {
    expect(coveredTo({ kind: 'contiguous', base: BASE, end: BASE + 16 * KIB - 1 })).toBe(0)
    expect(coveredTo({ kind: 'contiguous', base: BASE, end: BASE + 8 * KIB - 1 })).toBe(0)
    expect(coveredRanges({ kind: 'contiguous', base: BASE, end: BASE + 8 * KIB - 1 })).toEqual([])
  })

  it('has the entries in page order after the bookkeeping [K]', () => {
    expect(entryAddress(contiguous, 0)).toBe(BASE + 16 * KIB)
    expect(entryAddress(contiguous, 4095)).toBe(BASE + 16 * KIB)
    expect(entryAddress(contiguous, 4096)).toBe(BASE + 16 * KIB + 16)
    expect(entryAddress(contiguous, 64 * GIB - 1)).toBe(contiguous.end + 1 - 16)
    expect(entryAddress(contiguous, 64 * GIB)).toBeUndefined()
  })

  it('occupies RMP_BASE to RMP_END, the last byte of it', () => {
    expect(ownRanges(contiguous)).toEqual([{ start: BASE, end: contiguous.end + 1 }])
  })
})

describe('a segmented RMP (§3)', () => {
  it('covers i·2^shift onward with segment i, for its mapped size, clamped to the segment [K]', () => {
    expect(segmentBytes(segmented)).toBe(64 * GIB)
    expect([0, 1, 2, 3, 4].map((segment) => mappedBytes(segmented, segment) / GIB)).toEqual([64, 0, 3, 64, 0])
    expect(coveredRanges(segmented)).toEqual([
      { start: 0, end: 64 * GIB },
      { start: 128 * GIB, end: 131 * GIB },
      { start: 192 * GIB, end: 256 * GIB },
    ])
  })

  it('finds the entry of a page in its own segment [K]', () => {
    expect(entryAddress(segmented, 4096)).toBe(BASE + GIB + 16)
    expect(entryAddress(segmented, 64 * GIB - 1)).toBe(BASE + GIB + 256 * MIB - 16)
    expect(entryAddress(segmented, 128 * GIB)).toBe(BASE + 2 * GIB)
    expect(entryAddress(segmented, 192 * GIB + 5 * 4096)).toBe(BASE + 3 * GIB + 80)
  })

  it.each([64, 127, 131, 191, 256, 1024 * 1024])('has no entry at %i GiB', (gib) => {
    expect(isCovered(segmented, gib * GIB)).toBe(false)
    expect(entryAddress(segmented, gib * GIB)).toBeUndefined()
  })

  it('joins the ranges of neighbouring segments', () => {
    const segments = [0, 1].map((i) => ({ mappedGib: 64, address: i * GIB }))
    expect(coveredRanges({ ...segmented, segments })).toEqual([{ start: 0, end: 128 * GIB }])
  })

  it('reads no more than 512 segments [K]', () => {
    const segments = Array.from({ length: 513 }, (_, i) => ({ mappedGib: 1, address: i * 4 * MIB }))
    const tooMany: SegmentedRmp = { ...segmented, segmentShift: 30, segments }
    expect(isCovered(tooMany, 511 * GIB)).toBe(true)
    expect(isCovered(tooMany, 512 * GIB)).toBe(false)
    expect(coveredRanges(tooMany)).toEqual([{ start: 0, end: 512 * GIB }])
    expect(ownRanges({ ...tooMany, base: 4 * GIB })[0]).toEqual({ start: 0, end: 512 * 4 * MIB })
  })

  it('occupies bookkeeping and RST (20 KiB), and 4 MiB for each GiB mapped', () => {
    expect(ownRanges(segmented)).toEqual([
      { start: BASE, end: BASE + 20 * KIB },
      { start: BASE + GIB, end: BASE + GIB + 256 * MIB },
      { start: BASE + 2 * GIB, end: BASE + 2 * GIB + 12 * MIB },
      { start: BASE + 3 * GIB, end: BASE + 3 * GIB + 256 * MIB },
    ])
  })
})

describe('any RMP', () => {
  const layout: fc.Arbitrary<RmpLayout> = fc.oneof(
    fc.nat(4096).map((units): RmpLayout => ({ kind: 'contiguous', base: BASE, end: BASE + 16 * KIB + units * 8 * KIB - 1 })),
    fc
      .record({ segmentShift: fc.integer({ min: 30, max: 33 }), mapped: fc.array(fc.nat(10), { maxLength: 5 }) })
      .map(({ segmentShift, mapped }): RmpLayout => {
        const segments = mapped.map((mappedGib, i) => ({ mappedGib, address: BASE + (i + 1) * 64 * MIB }))
        return { kind: 'segmented', base: BASE, segmentShift, segments }
      }),
  )
  const page = fc.nat(44 * 2 ** 18).map((pfn) => pfn * 4096)

  it('covers exactly the pages in its covered ranges', () => {
    fc.assert(
      fc.property(layout, page, (some, spa) => {
        const inRange = coveredRanges(some).some(({ start, end }) => start <= spa && spa < end)
        expect(isCovered(some, spa)).toBe(inRange)
      }),
    )
  })

  it('keeps every entry within the memory it occupies, and no two pages share one', () => {
    fc.assert(
      fc.property(layout, page, page, (some, spa, other) => {
        const address = entryAddress(some, spa)
        fc.pre(address !== undefined)
        expect(ownRanges(some).some(({ start, end }) => start <= address && address + 16 <= end)).toBe(true)
        if (other !== spa) expect(entryAddress(some, other)).not.toBe(address)
      }),
    )
  })

  it('is 8 GiB for 2 TiB [L v2 review]', () => {
    const segments = Array.from({ length: 32 }, (_, i) => ({ mappedGib: 64, address: (i + 1) * GIB }))
    const [, ...entries] = ownRanges({ ...segmented, base: 0, segments })
    expect(coveredRanges({ ...segmented, segments })).toEqual([{ start: 0, end: 2 * TIB }])
    expect(entries.reduce((bytes, { start, end }) => bytes + end - start, 0)).toBe(8 * GIB)
  })
})
