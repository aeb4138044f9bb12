import type { Ns, RegionIndex } from '../arch/index.ts'
import { type IndexSet, type Machine, MachineListener } from '../machine/index.ts'

/**
 * Re-optimisation delays of one host: from a region becoming eligible again (its last assigned page is gone) to it being
 * optimised on the last core. Regions that were never assigned to a guest do not count: they wait only once, at boot.
 */
export class Delays extends MachineListener {
  readonly delaysNs: Ns[] = []
  /** Times that a region became eligible and was assigned again, or the run ended, before it was optimised everywhere. */
  neverCount = 0
  /** RMPUPDATEs and PSMASHes that took an optimisation away. */
  clears = 0
  readonly #now: () => Ns
  readonly #machine: Machine
  readonly #isReachable: (region: RegionIndex) => boolean
  readonly #eligibleSince: Float64Array
  #isOn = false

  constructor(machine: Machine, now: () => Ns, isReachable: (region: RegionIndex) => boolean) {
    super()
    this.#machine = machine
    this.#now = now
    this.#isReachable = isReachable
    this.#eligibleSince = new Float64Array(machine.rmp.regions).fill(-1)
  }

  /** From now on events are those of guests, not of bring-up. */
  turnOn(): void {
    this.#isOn = true
  }

  /** The run is over: whoever still waits has waited in vain. */
  end(): void {
    for (const since of this.#eligibleSince) if (since >= 0) this.neverCount++
  }

  override assigned(region: RegionIndex, before: number, after: number): void {
    if (!this.#isOn || (before === 0) === (after === 0)) return
    if (after > 0) {
      if (this.#eligibleSince[region] >= 0) this.neverCount++
      this.#eligibleSince[region] = -1
    } else if (this.#isReachable(region)) this.#eligibleSince[region] = this.#now()
  }

  override optimised(region: RegionIndex, before: IndexSet, after: IndexSet): void {
    if (!this.#isOn) return
    if (after.size === 0 && before.size > 0) this.clears++
    if (after.size === this.#machine.topology.cores && this.#eligibleSince[region] >= 0) {
      this.delaysNs.push(this.#now() - this.#eligibleSince[region])
      this.#eligibleSince[region] = -1
    }
  }
}
