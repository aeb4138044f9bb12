import type { HugeIndex, Ns, RegionIndex } from '../arch/index.ts'
import { holding, Lock, type Routine } from '../kernel/index.ts'
import { ASSIGNED, type IndexSet, SIZE_2M, updatePlainHuge } from '../machine/index.ts'
import { DESTROYED, DESTROYING, FIRST, GUEST_CPUS, type HostLife, INODE_FREED, OWN, SHARED, USED } from './life.ts'
import { SimulatedHost, type SimulatedHostOptions } from './simulated-host.ts'

/**
 * A policy tried on a life that was written down. Hardware, kernel and driver are the real ones; of guests there is only what
 * a policy can see: of each region its first assigned huge page, and the moments at which a driver is called.
 *
 * Differs from `HostSimulation` in one thing: guests do not feel the passes, which delay them by microseconds there.
 */
export class PolicyReplay extends SimulatedHost {
  readonly #life: HostLife
  readonly #folioPages: number
  /** The huge page that stands for the guests' pages in a region; -1: there is none. */
  readonly #marked: Int32Array
  /** Folios come back one after the other. */
  readonly #teardown = new Lock('teardown')
  #next = 0
  #guestCpus: { readonly from: number; readonly set: IndexSet } = { from: -1, set: this.machine.topology.cpuSets.none }
  #guestCpusFrom = -1

  constructor(options: SimulatedHostOptions, life: HostLife) {
    super(options)
    this.#life = life
    this.#folioPages = options.backing === '4k' ? 1 : this.machine.geometry.hugePages
    this.#marked = new Int32Array(this.machine.rmp.regions).fill(-1)
    this.kernel.guestCpus = () => this.#guestCpusNow()
  }

  /** Runs to the end; `watch` is called at the moments asked for, ascending. */
  run(moments: readonly Ns[] = [], watch: (moment: number) => void = () => {}): void {
    this.boot()
    this.#feed()
    moments.forEach((atNs, moment) => {
      this.clock.run(atNs)
      watch(moment)
    })
    this.clock.run(this.endNs)
    this.finish()
  }

  /** Puts the next moment of the life on the clock's agenda. */
  #feed(): void {
    const { atNs, count } = this.#life
    if (this.#next < count) this.clock.at(Math.max(atNs[this.#next], this.clock.nowNs), () => this.#happen())
  }

  /** Everything that happens at this moment. */
  #happen(): void {
    const { atNs, count } = this.#life
    const now = this.clock.nowNs
    while (this.#next < count && atNs[this.#next] <= now) this.#apply(this.#next++)
    this.#feed()
  }

  #apply(index: number): void {
    const { kind, a, b, guestRegions } = this.#life
    const { driver } = this.kernel
    switch (kind[index]) {
      case FIRST:
        this.#moveFirst(a[index], b[index])
        break
      case SHARED:
        this.#madeShared(a[index], b[index])
        break
      case USED:
        this.coverage.use(a[index], b[index])
        break
      case OWN:
        this.coverage.own(b[index])
        break
      case DESTROYING:
        this.#call(driver.vmDestroying?.(this.kernel))
        break
      case DESTROYED:
        this.#call(driver.vmDestroyed?.(this.kernel, () => guestRegions[a[index]]))
        break
      case INODE_FREED:
        this.#call(driver.inodeFreed?.(this.kernel))
        break
      case GUEST_CPUS:
        this.#guestCpusFrom = a[index]
    }
  }

  #call(routine: Routine<void> | undefined, times = 1): void {
    if (routine !== undefined) this.clock.spawn(routine, undefined, undefined, times)
  }

  /** A driver that acts on folios is called for all but the last of them at once, as one that does so many times the work. */
  #madeShared(region: RegionIndex, pages: number): void {
    const { kernel } = this
    const { madeShared, actsOnFolios = false } = kernel.driver
    if (madeShared === undefined) return
    const next = (pages: number) => holding(this.#teardown, 'exclusive', madeShared(kernel, region, pages))
    if (!actsOnFolios) {
      this.#call(next(pages))
      return
    }
    const folios = Math.max(1, Math.floor(pages / this.#folioPages))
    if (folios > 1) this.#call(next(this.#folioPages), folios - 1)
    this.#call(next(Math.min(pages, this.#folioPages)))
  }

  /** The first assigned huge page of a region is another one, or there is none any more (-1). */
  #moveFirst(region: RegionIndex, first: number): void {
    const { rmp, geometry } = this.machine
    const base: HugeIndex = region * geometry.regionHuges
    const old = this.#marked[region]
    this.#marked[region] = first >= 0 && rmp.hugeAssigned(base + first) === 0 ? first : -1
    if (this.#marked[region] >= 0) updatePlainHuge(this.machine, base + first, ASSIGNED | SIZE_2M, 1, 0)
    if (old >= 0) updatePlainHuge(this.machine, base + old, 0, 0, 0)
  }

  #guestCpusNow(): IndexSet {
    if (this.#guestCpus.from !== this.#guestCpusFrom) {
      const set = this.machine.topology.cpuSets.fromWords(this.#life.guestCpus[this.#guestCpusFrom])
      this.#guestCpus = { from: this.#guestCpusFrom, set }
    }
    return this.#guestCpus.set
  }
}
