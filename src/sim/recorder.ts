import type { Ns, RegionIndex } from '../arch/index.ts'
import type { RmpoptDriver, Routine } from '../kernel/index.ts'
import { type Machine, MachineListener } from '../machine/index.ts'
import { DESTROYED, DESTROYING, FIRST, GUEST_CPUS, INODE_FREED, LifeLog, OWN, SHARED, USED, WINDOW_NS } from './life.ts'

/** Listens to a host and writes its life down. */
export class LifeRecorder extends MachineListener {
  readonly log = new LifeLog()
  readonly #machine: Machine
  readonly #now: () => Ns
  #isOn = false
  #ownPages: number
  /** Changes not told yet: when the first of them was, when the last, and in which regions. */
  #windowNs: Ns = 0
  #lastNs: Ns = 0
  readonly #changed: RegionIndex[] = []
  readonly #isChanged: Uint8Array
  readonly #sharedPages: Float64Array
  /** Of them, the last that were made shared at once. */
  readonly #sharedLast: Int32Array
  /** The first assigned huge page of each region, as it was told last. */
  readonly #first: Int32Array

  /** @param machine one that has not run yet */
  constructor(machine: Machine, now: () => Ns) {
    super()
    const { regions } = machine.rmp
    this.#machine = machine
    this.#now = now
    this.#ownPages = machine.ram.reduce((sum, { start, end }) => sum + (end - start) / machine.geometry.pageBytes, 0)
    this.#isChanged = new Uint8Array(regions)
    this.#sharedPages = new Float64Array(regions)
    this.#sharedLast = new Int32Array(regions)
    this.#first = new Int32Array(regions).fill(-1)
  }

  /** The host is up: from now on it is guests who change things. */
  turnOn(): void {
    this.#isOn = true
    const { rmp } = this.#machine
    for (let region = 0; region < rmp.regions; region++) this.#first[region] = rmp.firstAssignedHuge(region)
  }

  /** Everything is told. */
  end(): LifeLog {
    this.#tell()
    return this.log
  }

  override assigned(region: RegionIndex, before: number, after: number): void {
    this.#ownPages += before - after
    if (!this.#isOn) return
    const now = this.#now()
    if (this.#changed.length > 0 && now > this.#windowNs + WINDOW_NS) this.#tell()
    if (this.#changed.length === 0) this.#windowNs = now
    this.#lastNs = now
    if (this.#isChanged[region] === 0) {
      this.#isChanged[region] = 1
      this.#changed.push(region)
    }
    if (after < before) this.#sharedPages[region] += this.#sharedLast[region] = before - after
    if (before === 0 || after === 0) this.#tell()
  }

  use(region: RegionIndex, pages: number): void {
    this.#add(USED, region, pages)
  }

  guestCpus(words: Uint32Array): void {
    this.#add(GUEST_CPUS, this.log.guestCpus.push(words) - 1)
  }

  /** A moment at which a driver would have been called. */
  note(kind: number): void {
    this.#add(kind)
  }

  guestDestroyed(regions: readonly RegionIndex[]): void {
    this.#add(DESTROYED, this.log.guestRegions.push(regions) - 1)
  }

  #add(kind: number, a = 0, b = 0): void {
    if (this.#changed.length > 0) this.#tell()
    this.log.add(this.#now(), kind, a, b)
  }

  /** Tells what has changed since the window began, as of the last change. */
  #tell(): void {
    if (this.#changed.length === 0) return
    const { rmp } = this.#machine
    for (const region of this.#changed) {
      const first = rmp.firstAssignedHuge(region)
      const shared = this.#sharedPages[region]
      const last = this.#sharedLast[region]
      if (shared > last) this.log.add(this.#lastNs, SHARED, region, shared - last)
      if (first !== this.#first[region]) this.log.add(this.#lastNs, FIRST, region, (this.#first[region] = first))
      if (shared > 0) this.log.add(this.#lastNs, SHARED, region, last)
      this.#sharedPages[region] = 0
      this.#isChanged[region] = 0
    }
    this.#changed.length = 0
    this.log.add(this.#lastNs, OWN, 0, this.#ownPages)
  }
}

/** The driver of a host whose life is written down: does nothing, notes when it would have been called. */
export function recordingDriver(recorder: () => LifeRecorder): RmpoptDriver {
  // biome-ignore lint/correctness/useYield: a part of a driver that does nothing
  const note = function* (kind: number): Routine<void> {
    recorder().note(kind)
  }
  return {
    name: 'recorder',
    summary: 'writes down what happens on a host',
    vmDestroying: () => note(DESTROYING),
    // biome-ignore lint/correctness/useYield: as above
    *vmDestroyed(_kernel, regions) {
      recorder().guestDestroyed(regions())
    },
    inodeFreed: () => note(INODE_FREED),
  }
}
