import type { Geometry } from '../../arch/index.ts'
import { AddressOrdered } from './address-ordered.ts'
import { BUDDY_MAX_ORDER, Buddy } from './buddy.ts'
import { HugetlbPool, splitForHugetlb } from './hugetlb.ts'
import { NodePools } from './node-pools.ts'
import type { Backing, Placement } from './placement.ts'
import type { FolioPool, FreeMemory, Taker } from './pool.ts'
import { type Run, runsByNode } from './runs.ts'
import type { MemoryUser } from './types.ts'

/** Where a placement takes the folios of guests from, and the huge pages that the kernel's own pages lie in. */
export interface Supply {
  /** Huge pages of a guest's folio. */
  readonly folioHuges: number
  readonly guests: NodePools
  readonly kernel: NodePools
  /** On whose behalf the kernel takes huge pages for its pages: users with the same answer share huge pages. */
  kernelTaker(user: MemoryUser): Taker
  freeHuges(): number
}

export interface SupplyOptions {
  readonly geometry: Geometry
  readonly placement: Placement
  readonly backing: Backing
  /** `buddy` only: largest block on a free list, log2 of huge pages. Default: `BUDDY_MAX_ORDER`, or 0 if no pair fits. */
  readonly buddyMaxOrder?: number
}

export function supplyOf(options: SupplyOptions, runs: readonly Run[]): Supply {
  const { geometry, placement } = options
  switch (placement) {
    case 'lowest':
      return shared(options, runs, oneMemory(new AddressOrdered(geometry, runs)))
    case 'opposite-ends': {
      const memory = new AddressOrdered(geometry, runs, (taker) => taker === 'snp')
      return { ...shared(options, runs, oneMemory(memory)), kernelTaker: (user) => user }
    }
    case 'numa-local':
      return shared(
        options,
        runs,
        mapValues(runsByNode(runs), (own) => new AddressOrdered(geometry, own)),
      )
    case 'buddy': {
      const maxOrder = options.buddyMaxOrder ?? (geometry.regionHuges % 2 ** BUDDY_MAX_ORDER === 0 ? BUDDY_MAX_ORDER : 0)
      return shared(
        options,
        runs,
        mapValues(runsByNode(runs), (own) => new Buddy(geometry, own, maxOrder)),
      )
    }
    case 'hugetlb':
      return hugetlb(geometry, runs)
  }
}

/** Guests and kernel take from the same memory. */
function shared({ geometry, backing }: SupplyOptions, runs: readonly Run[], memories: Map<number, FreeMemory>): Supply {
  const folioHuges = backing === '1g' ? geometry.regionHuges : 1
  const pick = (memory: FreeMemory): FolioPool => (backing === '1g' ? memory.regions : memory.huges)
  const kernel = new NodePools(
    mapValues(memories, (memory) => memory.huges),
    runs,
    1,
  )
  return {
    folioHuges,
    guests: new NodePools(mapValues(memories, pick), runs, folioHuges),
    kernel,
    kernelTaker: () => 'kernel',
    freeHuges: () => kernel.free,
  }
}

/** Guests have the pool, the kernel has the rest. */
function hugetlb(geometry: Geometry, runs: readonly Run[]): Supply {
  const split = splitForHugetlb(runs, geometry)
  const pools = mapValues(runsByNode(runs), (_, node) => {
    return new HugetlbPool(split.pool.filter((page) => page.node === node).map((page) => page.region))
  })
  const guests = new NodePools(pools, runs, geometry.regionHuges)
  const kernel = new NodePools(oneMemory(new AddressOrdered(geometry, split.kernel).huges), split.kernel, 1)
  return {
    folioHuges: geometry.regionHuges,
    guests,
    kernel,
    kernelTaker: () => 'kernel',
    freeHuges: () => kernel.free + guests.free * geometry.regionHuges,
  }
}

/** Node 0 stands for all of them. */
function oneMemory<T>(memory: T): Map<number, T> {
  return new Map([[0, memory]])
}

function mapValues<K, V, W>(map: ReadonlyMap<K, V>, change: (value: V, key: K) => W): Map<K, W> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]))
}
