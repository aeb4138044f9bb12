import { assert, type Ns, type RegionIndex } from '../arch/index.ts'

/** What happens on a host that concerns RMPOPT. `a` and `b` are what is said beside each. */
export const FIRST = 0 // region, its first assigned huge page; -1: it has none any more
export const SHARED = 1 // region, pages of it that were made shared
export const USED = 2 // region, pages more (or less) that ordinary guests use
export const OWN = 3 // -, pages that hypervisor and ordinary guests own
export const DESTROYING = 4 // a guest's context is about to be decommissioned
export const DESTROYED = 5 // number of the guest in `guestRegions`
export const INODE_FREED = 6 // an inode of a guest_memfd file is freed
export const GUEST_CPUS = 7 // number of the set in `guestCpus`

/**
 * The life of one host: everything that happened there and that a policy of re-optimisation could react to or be measured by.
 * It does not depend on the policy, so that many policies can be tried on one life.
 *
 * Events ascend in time. That a region becomes free or is free no more is told when it happens; how its memory fills and
 * empties in between within `WINDOW_NS`.
 */
export interface HostLife {
  readonly count: number
  readonly atNs: Float64Array
  readonly kind: Uint8Array
  readonly a: Int32Array
  readonly b: Float64Array
  readonly guestRegions: readonly (readonly RegionIndex[])[]
  /** Sets of CPUs that run vCPUs, 32 a word. */
  readonly guestCpus: readonly Uint32Array[]
}

/** How late it may be told that a region's memory has filled or emptied further. */
export const WINDOW_NS: Ns = 10_000_000

const FIRST_CAPACITY = 1 << 14

/** Writes a life down. */
export class LifeLog implements HostLife {
  count = 0
  atNs = new Float64Array(FIRST_CAPACITY)
  kind = new Uint8Array(FIRST_CAPACITY)
  a = new Int32Array(FIRST_CAPACITY)
  b = new Float64Array(FIRST_CAPACITY)
  readonly guestRegions: (readonly RegionIndex[])[] = []
  readonly guestCpus: Uint32Array[] = []

  add(atNs: Ns, kind: number, a = 0, b = 0): void {
    assert(this.count === 0 || atNs >= this.atNs[this.count - 1], 'a life is told in order')
    if (this.count === this.atNs.length) this.#grow()
    const at = this.count++
    this.atNs[at] = atNs
    this.kind[at] = kind
    this.a[at] = a
    this.b[at] = b
  }

  #grow(): void {
    const capacity = this.count * 2
    const grown = <T extends Float64Array | Uint8Array | Int32Array>(to: T, from: T) => {
      to.set(from)
      return to
    }
    this.atNs = grown(new Float64Array(capacity), this.atNs)
    this.kind = grown(new Uint8Array(capacity), this.kind)
    this.a = grown(new Int32Array(capacity), this.a)
    this.b = grown(new Float64Array(capacity), this.b)
  }
}
