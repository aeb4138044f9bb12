import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coveredTo, GIB, KIB, layoutProblem, MIB, planContiguous, planSegmented, type SpaRange, TIB } from './index.ts'

describe('planContiguous', () => {
  it('covers all memory below the top, in an RMP of whole MiB (§3: the firmware wants 1 MiB) [K]', () => {
    const rmp = planContiguous(64 * GIB, 63 * GIB)
    expect(rmp).toEqual({ kind: 'contiguous', base: 63 * GIB, end: 63 * GIB + 257 * MIB - 1 })
    expect(coveredTo(rmp)).toBeGreaterThanOrEqual(64 * GIB)
  })

  it('needs no extra MiB when bookkeeping and entries fill one', () => {
    const top = ((MIB - 16 * KIB) / 16) * 4096
    expect(planContiguous(top, GIB).end).toBe(GIB + MIB - 1)
    expect(planContiguous(top + 1, GIB).end).toBe(GIB + 2 * MIB - 1)
  })

  it('is accepted for any RAM below the top', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.nat(2 ** 20), (pages, mib) => {
        const rmp = planContiguous(pages * 4096, mib * MIB)
        expect(layoutProblem(rmp, [{ start: 0, end: pages * 4096 }])).toBeUndefined()
      }),
    )
  })

  it('asserts against a base that is not 1 MiB aligned', () => {
    expect(() => planContiguous(GIB, 8 * KIB)).toThrow('1 MiB aligned')
  })
})

describe('planSegmented', () => {
  const ram: SpaRange[] = [
    { start: 0, end: 2 * GIB },
    { start: 4 * GIB, end: 64 * GIB },
    { start: 128 * GIB, end: 130 * GIB + 4096 },
    { start: 190 * GIB, end: 200 * GIB },
  ]

  it('maps each segment up to its last RAM in whole GiB, and leaves out segments without RAM', () => {
    const { segments } = planSegmented({ ram, segmentShift: 36, base: GIB, place: (segment) => (segment + 2) * GIB })
    expect(segments).toEqual([
      { mappedGib: 64, address: 2 * GIB },
      { mappedGib: 0, address: 0 },
      { mappedGib: 64, address: 4 * GIB },
      { mappedGib: 8, address: 5 * GIB },
    ])
  })

  it('takes RAM ranges in any order, and empty ones for nothing', () => {
    const empty = { start: 300 * GIB, end: 300 * GIB }
    const place = (segment: number) => (segment + 2) * GIB
    const shuffled = [...ram.toReversed(), empty, { start: 100 * GIB, end: 100 * GIB }]
    const expected = planSegmented({ ram, segmentShift: 36, base: GIB, place })
    expect(planSegmented({ ram: shuffled, segmentShift: 36, base: GIB, place })).toEqual(expected)
  })

  it('maps nothing of segments before the first RAM', () => {
    const late = [{ start: 65 * GIB, end: 66 * GIB }]
    const { segments } = planSegmented({ ram: late, segmentShift: 36, base: GIB, place: () => 2 * GIB })
    expect(segments.map(({ mappedGib }) => mappedGib)).toEqual([0, 2])
  })

  it('asks where to place the 4 MiB per mapped GiB of each segment with RAM, once, in order', () => {
    const asked: [number, number][] = []
    const place = (segment: number, bytes: number) => {
      asked.push([segment, bytes])
      return (segment + 2) * GIB
    }
    planSegmented({ ram: ram.slice(0, 3), segmentShift: 36, base: GIB, place })
    expect(asked).toEqual([
      [0, 256 * MIB],
      [2, 12 * MIB],
    ])
  })

  it('covers 2 TiB with 32 segments of 64 GiB (§3) [K]', () => {
    let next = 8 * GIB
    const place = (_segment: number, bytes: number) => (next += bytes) - bytes
    const rmp = planSegmented({ ram: [{ start: 0, end: 2 * TIB }], segmentShift: 36, base: GIB, place })
    expect(rmp.segments).toHaveLength(32)
    expect(next).toBe(16 * GIB)
    expect(layoutProblem(rmp, [{ start: 0, end: 2 * TIB }])).toBeUndefined()
  })

  it('is accepted for any RAM, and maps no more than a GiB too much in a segment', () => {
    const ranges = fc.array(
      fc.tuple(fc.nat(2 ** 26), fc.integer({ min: 1, max: 2 ** 22 })).map(([pfn, pages]) => ({
        start: pfn * 4096,
        end: (pfn + pages) * 4096,
      })),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(ranges, fc.integer({ min: 30, max: 38 }), (some, segmentShift) => {
        let next = TIB
        const place = (_segment: number, bytes: number) => (next += bytes) - bytes
        const rmp = planSegmented({ ram: some, segmentShift, base: 0, place })
        expect(layoutProblem(rmp, some)).toBeUndefined()
        rmp.segments.forEach(({ mappedGib }, i) => {
          const lastGib = i * 2 ** (segmentShift - 30) + mappedGib - 1
          const isNeeded = some.some(({ start, end }) => start < (lastGib + 1) * GIB && end > lastGib * GIB)
          expect(mappedGib === 0 || isNeeded).toBe(true)
        })
      }),
    )
  })

  it('plans nothing for no RAM', () => {
    expect(planSegmented({ ram: [], segmentShift: 36, base: GIB, place: () => 0 }).segments).toEqual([])
  })

  const plan = { ram: [{ start: 0, end: GIB }], segmentShift: 36, base: GIB, place: () => 2 * GIB }

  it('asserts against parts that overlap', () => {
    expect(() => planSegmented({ ...plan, place: () => GIB })).toThrow('overlap')
    expect(() => planSegmented({ ...plan, ram: [{ start: 0, end: 65 * GIB }] })).toThrow('overlap')
  })

  it('asserts against a segment placed off a MiB, a base off a MiB, and segments under a GiB', () => {
    expect(() => planSegmented({ ...plan, place: () => 8 * KIB })).toThrow('multiple of 1 MiB')
    expect(() => planSegmented({ ...plan, base: 8 * KIB })).toThrow('1 MiB aligned')
    expect(() => planSegmented({ ...plan, segmentShift: 29 })).toThrow('at least 1 GiB')
  })

  it('asserts against RAM beyond the 512th segment (§3) [K]', () => {
    const end = 512 * GIB
    const place = (segment: number) => TIB + segment * 4 * MIB
    expect(planSegmented({ ...plan, segmentShift: 30, ram: [{ start: 0, end }], place }).segments).toHaveLength(512)
    expect(() => planSegmented({ ...plan, segmentShift: 30, ram: [{ start: 0, end: end + 1 }], place })).toThrow('512 segments')
  })
})
