import { GIB, type RegionIndex } from '../../arch/index.ts'
import { type Guest, KernelListener } from '../../kernel/index.ts'
import type { IndexSet } from '../../machine/index.ts'
import type { HostSimulation } from '../../sim/index.ts'
import { SampledCounter } from './counter.ts'

/** The figures above the tracks. */
export class Counters extends KernelListener {
  readonly all: readonly SampledCounter[]
  readonly #host: HostSimulation
  readonly #optimised = new SampledCounter('regions optimised on all cores')
  readonly #eligible = new SampledCounter('eligible regions')
  readonly #guests = new SampledCounter('SNP guests running')
  readonly #assigned = new SampledCounter('assigned GiB')
  readonly #running = new Set<Guest>()
  #optimisedRegions = 0
  #eligibleRegions = 0
  #assignedPages = 0

  /** @param host has not run yet: nothing in it is assigned or optimised */
  constructor(host: HostSimulation) {
    super()
    this.#host = host
    this.all = [this.#optimised, this.#eligible, this.#guests, this.#assigned]
    for (let region = 0; region < host.machine.rmp.regions; region++)
      if (host.coverage.isReachable(region)) this.#eligibleRegions++
    this.#optimised.set(0, 0)
    this.#eligible.set(0, this.#eligibleRegions)
    this.#guests.set(0, 0)
    this.#assigned.set(0, 0)
  }

  override guestLaunched(guest: Guest): void {
    this.#running.add(guest)
    this.#guests.set(this.#host.clock.nowNs, this.#running.size)
  }

  override guestDestroyed(guest: Guest): void {
    this.#running.delete(guest)
    this.#guests.set(this.#host.clock.nowNs, this.#running.size)
  }

  /** See `MachineListener`. */
  assigned(region: RegionIndex, before: number, after: number): void {
    const { clock, coverage, machine } = this.#host
    this.#assignedPages += after - before
    this.#assigned.set(clock.nowNs, (this.#assignedPages * machine.geometry.pageBytes) / GIB)
    if ((before === 0) === (after === 0) || !coverage.isReachable(region)) return
    this.#eligibleRegions += after === 0 ? 1 : -1
    this.#eligible.set(clock.nowNs, this.#eligibleRegions)
  }

  /** See `MachineListener`. */
  optimised(before: IndexSet, after: IndexSet): void {
    const { clock, machine } = this.#host
    const { all } = machine.topology.coreSets
    if ((before === all) === (after === all)) return
    this.#optimisedRegions += after === all ? 1 : -1
    this.#optimised.set(clock.nowNs, this.#optimisedRegions)
  }
}
