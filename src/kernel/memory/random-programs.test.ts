import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Geometry, geometry } from '../../arch/index.ts'
import { createPhysicalMemory } from './physical-memory.ts'
import { BACKINGS, PLACEMENTS } from './placement.ts'
import type { UsableRange } from './runs.ts'
import type { Extent, MemoryUser } from './types.ts'

const cases = PLACEMENTS.flatMap(({ name }) => BACKINGS.map((backing) => [name, backing.name] as const))

describe('any program of allocating and freeing', () => {
  test.each(cases)('%s, %s: never hands out a page twice, stays in usable RAM, counts free pages, gets all back', (...how) => {
    const [placement, backing] = how
    fc.assert(
      fc.property(geometries, rangesArbitrary, stepsArbitrary, (small, ranges, steps) => {
        const memory = createPhysicalMemory({ geometry: small, ranges, placement, backing })
        const usable = usablePages(small, ranges)
        const out = new Set<number>()
        const guests: Extent[][] = []
        const kernel: number[] = []
        const total = memory.freePages
        expect(total).toBe(usable.size)
        const hand = (pfn: number) => {
          expect(usable.has(pfn) && !out.has(pfn)).toBe(true)
          out.add(pfn)
        }
        for (const step of steps) {
          if (step.what === 'guest') {
            const extents = memory.allocateGuest(step.pages, step.user, step.node)
            if (extents) guests.push(extents)
            for (const page of (extents ?? []).flatMap(pagesOf)) hand(page)
            if (extents) expect(extents.flatMap(pagesOf).length).toBeGreaterThanOrEqual(step.pages)
          } else if (step.what === 'kernel') {
            const pfn = memory.allocateKernelPage(step.user)
            if (pfn !== undefined) hand(pfn)
            if (pfn !== undefined) kernel.push(pfn)
          } else if (step.what === 'guest ends' && guests.length > 0) {
            const [extents] = guests.splice(step.pages % guests.length, 1)
            memory.freeGuest(extents)
            for (const page of extents.flatMap(pagesOf)) out.delete(page)
          } else if (step.what === 'kernel frees' && kernel.length > 0) {
            const [pfn] = kernel.splice(step.pages % kernel.length, 1)
            memory.freeKernelPage(pfn)
            out.delete(pfn)
          }
          expect(memory.freePages).toBe(total - out.size)
        }
        for (const extents of guests) memory.freeGuest(extents)
        for (const pfn of kernel) memory.freeKernelPage(pfn)
        expect(memory.freePages).toBe(total)
        const most = memory.guestPages
        if (placement !== 'hugetlb' && backing !== '1g') expect(most).toBe(total)
        expect(memory.allocateGuest(most + 1, 'snp')).toBeUndefined()
        if (most > 0) expect(memory.allocateGuest(most, 'snp')).toBeDefined()
        expect([memory.guestPages, memory.freePages]).toEqual([0, total - most])
      }),
      { numRuns: 60 },
    )
  })
})

const geometries = fc.constantFrom(geometry(4096, 2, 2), geometry(4096, 4, 8), geometry(4096, 3, 5))

/** Up to four ranges, aligned to 1 KiB only, on nodes 0, 1 and 3. */
const rangesArbitrary = fc
  .array(
    fc.record({ gap: fc.nat(60), kib: fc.integer({ min: 0, max: 1000 }), node: fc.constantFrom(0, 1, 3), touch: fc.boolean() }),
    { maxLength: 4 },
  )
  .map((parts) => {
    let end = 0
    return parts.map(({ gap, kib, node, touch }): UsableRange => {
      const start = end + (touch ? 0 : gap * 1024)
      end = start + kib * 1024
      return { start, end, node }
    })
  })

const stepsArbitrary = fc.array(
  fc.record({
    what: fc.constantFrom('guest', 'guest', 'kernel', 'kernel', 'guest ends', 'kernel frees'),
    user: fc.constantFrom<MemoryUser>('snp', 'ordinary'),
    pages: fc.integer({ min: 1, max: 60 }),
    node: fc.option(fc.constantFrom(0, 1, 2, 3, 4), { nil: undefined }),
  }),
  { maxLength: 60 },
)

function pagesOf({ pfn, pages }: Extent): number[] {
  return Array.from({ length: pages }, (_, i) => pfn + i)
}

/** Pages of huge pages all bytes of which are usable RAM of one node. */
function usablePages({ pageBytes, hugePages }: Geometry, ranges: readonly UsableRange[]): Set<number> {
  const nodeOfKib = new Map<number, number>()
  for (const { start, end, node } of ranges) for (let kib = start / 1024; kib < end / 1024; kib++) nodeOfKib.set(kib, node)
  const hugeKib = (pageBytes * hugePages) / 1024
  const pages = new Set<number>()
  for (let huge = 0; huge * hugeKib < (ranges.at(-1)?.end ?? 0) / 1024; huge++) {
    const nodes = new Set(Array.from({ length: hugeKib }, (_, i) => nodeOfKib.get(huge * hugeKib + i)))
    if (nodes.size !== 1 || nodes.has(undefined)) continue
    for (let i = 0; i < hugePages; i++) pages.add(huge * hugePages + i)
  }
  return pages
}
