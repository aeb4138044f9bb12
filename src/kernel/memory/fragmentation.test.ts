import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, test } from 'vitest'
import { AMD64, GIB } from '../../arch/index.ts'
import { createPhysicalMemory } from './physical-memory.ts'
import type { Placement } from './placement.ts'
import type { Extent, MemoryUser } from './types.ts'

describe('after a long churn of SNP and ordinary VMs on 64 GiB', () => {
  const buddy = regionsFreeOfSnp('buddy')
  const lowest = regionsFreeOfSnp('lowest')
  const oppositeEnds = regionsFreeOfSnp('opposite-ends')

  test('opposite-ends keeps more regions free of SNP pages than buddy and lowest', () => {
    expect(oppositeEnds).toBeGreaterThan(2 * buddy)
    expect(oppositeEnds).toBeGreaterThan(lowest)
  })

  test('buddy has spread SNP memory over far more regions than it would fill', () => {
    // A quarter of memory is SNP memory on average: packed, three quarters of the 64 regions would be free of it.
    expect(buddy).toBeLessThan(12)
  })
})

/** Regions without an SNP page, mean over the second half of 4000 arrivals and departures. */
function regionsFreeOfSnp(placement: Placement): number {
  const memory = createPhysicalMemory({
    geometry: AMD64,
    ranges: [{ start: 0, end: 64 * GIB, node: 0 }],
    placement,
    backing: '2m',
  })
  const random = xoroshiro128plus(1)
  const vms: { user: MemoryUser; extents: Extent[] }[] = []
  const total = memory.freePages
  let sum = 0
  for (let step = 0; step < 4000; step++) {
    const arrives = memory.freePages > total / 2 ? uniformInt(random, 0, 9) < 7 : uniformInt(random, 0, 9) < 3
    if (arrives || vms.length === 0) {
      const user = uniformInt(random, 0, 1) === 0 ? 'snp' : 'ordinary'
      const extents = memory.allocateGuest(uniformInt(random, 1, 4096) * 512, user)
      if (extents) vms.push({ user, extents })
    } else {
      const [vm] = vms.splice(uniformInt(random, 0, vms.length - 1), 1)
      memory.freeGuest(vm.extents)
    }
    if (step >= 2000) sum += 64 - snpRegions(vms.filter((vm) => vm.user === 'snp').flatMap((vm) => vm.extents))
  }
  return sum / 2000
}

function snpRegions(extents: readonly Extent[]): number {
  const regions = new Set<number>()
  for (const { pfn, pages } of extents) {
    const last = Math.floor((pfn + pages - 1) / AMD64.regionPages)
    for (let region = Math.floor(pfn / AMD64.regionPages); region <= last; region++) regions.add(region)
  }
  return regions.size
}
