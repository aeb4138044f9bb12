import { assert, type Geometry, type RegionIndex } from '../../arch/index.ts'
import type { FolioPool } from './pool.ts'
import type { Run } from './runs.ts'

/**
 * The free list of 1 GiB hugetlb pages of one node: taken from the head (`dequeue_hugetlb_folio_node_exact`), freed to the
 * head (`enqueue_hugetlb_folio`). [K] It starts lowest first. [A]
 */
export class HugetlbPool implements FolioPool<RegionIndex> {
  /** The head of the free list is the end of the array. */
  private readonly stack: RegionIndex[]

  constructor(regions: readonly RegionIndex[]) {
    this.stack = regions.toReversed()
  }

  get free(): number {
    return this.stack.length
  }

  take(): RegionIndex {
    const region = this.stack.pop()
    assert(region !== undefined, 'a region is taken only while one is free')
    return region
  }

  give(first: RegionIndex, end: RegionIndex): void {
    for (let region = first; region < end; region++) this.stack.push(region)
  }
}

/**
 * Splits memory at boot: every whole region goes to the pool, what is left to the kernel. If that is less than one region in all,
 * the lowest whole region is the kernel's too. [A] A region holds the contexts and VMSAs of some hundred thousand vCPUs; the
 * lowest, because boot-time hugetlb pages come from memblock, which allocates from the top down. [K]
 */
export function splitForHugetlb(runs: readonly Run[], { regionHuges }: Geometry) {
  const wholes = runs.map((run) => ({ first: Math.ceil(run.first / regionHuges), end: Math.floor(run.end / regionHuges) }))
  const pooled = wholes.reduce((sum, { first, end }) => sum + Math.max(0, end - first) * regionHuges, 0)
  const usable = runs.reduce((sum, { first, end }) => sum + end - first, 0)
  const lowest = wholes.find(({ first, end }) => first < end)
  if (lowest && usable - pooled < regionHuges) lowest.first++

  const pool: { node: number; region: RegionIndex }[] = []
  const kernel: Run[] = []
  for (const [i, run] of runs.entries()) {
    const { first, end } = wholes[i]
    for (let region = first; region < end; region++) pool.push({ node: run.node, region })
    const below = { ...run, end: first < end ? first * regionHuges : run.end }
    const above = { ...run, first: first < end ? end * regionHuges : run.end }
    kernel.push(...[below, above].filter((part) => part.first < part.end))
  }
  return { pool, kernel }
}
