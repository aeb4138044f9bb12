import { describe, expect, test } from 'vitest'
import { AMD64, GIB, geometry, MIB } from '../../arch/index.ts'
import { createPhysicalMemory } from './physical-memory.ts'
import type { Placement } from './placement.ts'
import type { UsableRange } from './runs.ts'

/** Pages of a huge page and of a region of AMD64. */
const HUGE = 512
const REGION = 512 * HUGE

/** 4 GiB on node 0, 4 GiB on node 1. */
const TWO_NODES = [
  { start: 0, end: 4 * GIB, node: 0 },
  { start: 4 * GIB, end: 8 * GIB, node: 1 },
]
const memoryOf = (placement: Placement, backing: '4k' | '2m' | '1g' = '2m', ranges: readonly UsableRange[] = TWO_NODES) =>
  createPhysicalMemory({ geometry: AMD64, ranges, placement, backing })

describe('guest memory', () => {
  test('is rounded up to huge pages, also when the backing is 4 KiB pages', () => {
    expect(memoryOf('lowest', '4k').allocateGuest(1, 'snp')).toEqual([{ pfn: 0, pages: HUGE }])
    expect(memoryOf('lowest', '2m').allocateGuest(HUGE + 1, 'snp')).toEqual([{ pfn: 0, pages: 2 * HUGE }])
  })

  test('is rounded up to whole regions with 1 GiB backing, and with hugetlb whatever the backing', () => {
    expect(memoryOf('lowest', '1g').allocateGuest(1, 'snp')).toEqual([{ pfn: 0, pages: REGION }])
    expect(memoryOf('hugetlb', '4k').allocateGuest(REGION + 1, 'snp', 0)).toEqual([{ pfn: REGION, pages: 2 * REGION }])
  })

  test('is taken wholly or not at all', () => {
    const memory = memoryOf('lowest')
    expect(memory.allocateGuest(8 * REGION + 1, 'ordinary')).toBeUndefined()
    expect(memory.freePages).toBe(8 * REGION)
    expect(memory.allocateGuest(8 * REGION, 'ordinary')).toEqual([{ pfn: 0, pages: 8 * REGION }])
    expect(memory.freePages).toBe(0)
  })

  test('is limited to whole folios: not by what is free for the kernel only', () => {
    const memory = memoryOf('lowest', '1g')
    memory.allocateKernelPage('snp')
    expect(memory.guestPages).toBe(7 * REGION)
    expect(memory.freePages).toBe(8 * REGION - 1)
    expect(memoryOf('hugetlb').guestPages).toBe(7 * REGION)
  })

  test('comes in extents in order of allocation', () => {
    const memory = memoryOf('buddy')
    const [extent] = memory.allocateGuest(8 * HUGE, 'ordinary', 0)!
    memory.freeGuest([
      { pfn: extent.pfn + 2 * HUGE, pages: HUGE },
      { pfn: extent.pfn + 6 * HUGE, pages: HUGE },
    ])
    expect(memory.allocateGuest(4 * HUGE, 'ordinary', 0)).toEqual([
      { pfn: 6 * HUGE, pages: HUGE },
      { pfn: 2 * HUGE, pages: HUGE },
      { pfn: 8 * HUGE, pages: 2 * HUGE },
    ])
  })

  test.each([
    [
      [4, 5, 3],
      [
        [4, 2],
        [3, 1],
      ],
    ],
    [
      [4, 3, 5],
      [
        [3, 2],
        [5, 1],
      ],
    ],
  ])('that is found at %j, an extent growing one way only', (order, extents) => {
    const memory = memoryOf('hugetlb', '1g', [{ start: 0, end: 8 * GIB, node: 0 }])
    memory.allocateGuest(7 * REGION, 'snp')
    memory.freeGuest(order.toReversed().map((region) => ({ pfn: region * REGION, pages: REGION })))
    expect(memory.allocateGuest(3 * REGION, 'snp')).toEqual(
      extents.map(([first, count]) => ({ pfn: first * REGION, pages: count * REGION })),
    )
  })

  test('may come back in parts', () => {
    const memory = memoryOf('lowest')
    memory.allocateGuest(4 * HUGE, 'snp')
    memory.freeGuest([{ pfn: HUGE, pages: 2 * HUGE }])
    expect(memory.allocateGuest(3 * HUGE, 'snp')).toEqual([
      { pfn: HUGE, pages: 2 * HUGE },
      { pfn: 4 * HUGE, pages: HUGE },
    ])
  })

  test.each([
    ['twice', { pfn: 0, pages: HUGE }],
    ['that no guest has', { pfn: 2 * HUGE, pages: HUGE }],
    ['beyond the end', { pfn: 8 * REGION, pages: HUGE }],
    ['that is no whole folio', { pfn: HUGE, pages: 1 }],
    ['that does not start at a folio', { pfn: HUGE + 1, pages: HUGE }],
  ])('given back %s is a bug', (_, extent) => {
    const memory = memoryOf('lowest')
    memory.allocateGuest(2 * HUGE, 'snp')
    memory.freeGuest([{ pfn: 0, pages: HUGE }])
    expect(() => memory.freeGuest([extent])).toThrow('assertion failed')
  })
})

describe('each placement', () => {
  test('lowest: takes the lowest memory whatever the node', () => {
    expect(memoryOf('lowest').allocateGuest(HUGE, 'snp', 1)).toEqual([{ pfn: 0, pages: HUGE }])
  })

  test('opposite-ends: SNP guests and their kernel pages grow down from the top', () => {
    const memory = memoryOf('opposite-ends')
    expect(memory.allocateGuest(3 * HUGE, 'snp')).toEqual([{ pfn: 8 * REGION - 3 * HUGE, pages: 3 * HUGE }])
    expect(memory.allocateGuest(3 * HUGE, 'ordinary')).toEqual([{ pfn: 0, pages: 3 * HUGE }])
    expect(memory.allocateKernelPage('snp')).toBe(8 * REGION - 4 * HUGE)
    expect(memory.allocateKernelPage('ordinary')).toBe(3 * HUGE)
  })

  test.each(['numa-local', 'buddy'] as const)('%s: stays on the preferred node and spills to the next', (placement) => {
    const memory = memoryOf(placement)
    expect(memory.allocateGuest(HUGE, 'ordinary', 1)).toEqual([{ pfn: 4 * REGION, pages: HUGE }])
    expect(memory.allocateGuest(5 * REGION, 'ordinary', 1)).toEqual([
      { pfn: 4 * REGION + HUGE, pages: 4 * REGION - HUGE },
      { pfn: 0, pages: REGION + HUGE },
    ])
  })

  test('numa-local: without a preferred node the one with most free memory serves', () => {
    const memory = memoryOf('numa-local')
    expect(memory.allocateGuest(HUGE, 'snp')![0].pfn).toBe(0)
    expect(memory.allocateGuest(HUGE, 'snp')![0].pfn).toBe(4 * REGION)
    expect(memory.allocateGuest(HUGE, 'snp')![0].pfn).toBe(HUGE)
  })

  test('numa-local: a guest that spills goes to the next higher node, from the last to the first', () => {
    const ranges = [0, 1, 2, 3].map((node) => ({ start: node * 8 * MIB, end: node * 8 * MIB + 4 * MIB, node }))
    const extents = memoryOf('numa-local', '2m', ranges).allocateGuest(8 * HUGE, 'snp', 2)!
    expect(extents.map(({ pfn }) => pfn / HUGE)).toEqual([8, 12, 0, 4])
  })

  test('numa-local: each node gets back its own part of an extent that lies on two', () => {
    const memory = memoryOf('numa-local')
    const extents = memory.allocateGuest(8 * REGION, 'snp', 0)!
    expect(extents).toEqual([{ pfn: 0, pages: 8 * REGION }])
    memory.freeGuest(extents)
    expect(memory.allocateGuest(HUGE, 'snp', 1)).toEqual([{ pfn: 4 * REGION, pages: HUGE }])
  })

  test('hugetlb: what was freed last is taken first, on the preferred node', () => {
    const memory = memoryOf('hugetlb')
    const first = memory.allocateGuest(2 * REGION, 'snp', 1)!
    memory.allocateGuest(REGION, 'ordinary', 1)
    expect(first).toEqual([{ pfn: 4 * REGION, pages: 2 * REGION }])
    memory.freeGuest(first)
    expect(memory.allocateGuest(REGION, 'ordinary', 1)).toEqual([{ pfn: 5 * REGION, pages: REGION }])
  })

  test('buddy with 1 GiB backing: the lowest region that is wholly free serves', () => {
    const memory = memoryOf('buddy', '1g')
    const page = memory.allocateKernelPage('snp')!
    expect(memory.allocateGuest(1, 'snp', 0)).toEqual([{ pfn: REGION, pages: REGION }])
    memory.freeKernelPage(page)
    expect(memory.allocateGuest(1, 'snp', 0)).toEqual([{ pfn: 0, pages: REGION }])
  })

  test('a preferred node without memory counts as full', () => {
    const ranges = [
      { start: 0, end: 4 * MIB, node: 0 },
      { start: 4 * MIB, end: 8 * MIB, node: 2 },
    ]
    expect(memoryOf('numa-local', '2m', ranges).allocateGuest(HUGE, 'snp', 1)![0].pfn).toBe(2 * HUGE)
    expect(memoryOf('numa-local', '2m', ranges).allocateGuest(HUGE, 'snp', 3)![0].pfn).toBe(0)
  })
})

describe('kernel pages', () => {
  test('share huge pages with each other, lowest page first, never with a guest', () => {
    const memory = memoryOf('lowest')
    expect(memory.allocateKernelPage('snp')).toBe(0)
    expect(memory.allocateGuest(1, 'snp')).toEqual([{ pfn: HUGE, pages: HUGE }])
    expect(memory.allocateKernelPage('ordinary')).toBe(1)
    memory.freeKernelPage(0)
    expect(memory.allocateKernelPage('snp')).toBe(0)
    expect(memory.freePages).toBe(8 * REGION - HUGE - 2)
  })

  test('come from the huge page that gained room last', () => {
    const memory = memoryOf('lowest')
    for (let page = 0; page < 2 * HUGE + 1; page++) expect(memory.allocateKernelPage('snp')).toBe(page)
    memory.freeKernelPage(HUGE + 7)
    memory.freeKernelPage(9)
    expect(memory.allocateKernelPage('snp')).toBe(9)
    expect(memory.allocateKernelPage('snp')).toBe(HUGE + 7)
    expect(memory.allocateKernelPage('snp')).toBe(2 * HUGE + 1)
  })

  test('give their huge page back with the last of them', () => {
    const memory = memoryOf('lowest')
    for (let page = 0; page < HUGE; page++) memory.allocateKernelPage('snp')
    for (let page = 0; page < HUGE; page++) memory.freeKernelPage(page)
    expect(memory.allocateGuest(8 * REGION, 'ordinary')).toEqual([{ pfn: 0, pages: 8 * REGION }])
    expect(memory.allocateKernelPage('snp')).toBeUndefined()
  })

  test('come from the part of memory that hugetlb leaves to the kernel, and from nowhere else', () => {
    const small = geometry(4096, 2, 2)
    const ranges = [{ start: 0, end: 2 * small.regionBytes, node: 0 }]
    const memory = createPhysicalMemory({ geometry: small, ranges, placement: 'hugetlb', backing: '1g' })
    expect(memory.freePages).toBe(8)
    for (let page = 0; page < 4; page++) expect(memory.allocateKernelPage('snp')).toBe(page)
    expect(memory.allocateKernelPage('snp')).toBeUndefined()
    expect(memory.freePages).toBe(4)
  })

  test.each([0, 3, 512])('page %i, that the kernel does not hold, cannot be given back', (pfn) => {
    const memory = memoryOf('lowest')
    memory.freeKernelPage([memory.allocateKernelPage('snp')!, memory.allocateKernelPage('snp')!][0])
    memory.allocateGuest(1, 'snp')
    expect(() => memory.freeKernelPage(pfn)).toThrow('assertion failed')
  })
})
