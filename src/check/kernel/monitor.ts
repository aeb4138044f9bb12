import type { CpuId } from '../../arch/index.ts'
import { KernelListener, type RegionRange } from '../../kernel/index.ts'
import { type FirmwareCommand, type FirmwareStatus, type Machine, MachineListener, type WordReader } from '../../machine/index.ts'

/** What properties must know of the past. Part of the state: as little as will do. */
export class Monitor extends KernelListener {
  /** Regions for which a pass was asked, and none that goes over them has begun since; one bit each. */
  asked = 0
  /** Guests that are decommissioned and whose memory is not all back. */
  returning = 0
  /** The last pass began before all memory of ended guests was back. */
  wasEarly = false
  /** A fault was told since the last look. */
  faulted = ''

  watch(machine: Machine): void {
    machine.listen(new Decommissions(this))
  }

  override passRequested(regions: readonly RegionRange[]): void {
    this.asked |= bitsOf(regions)
  }
  override passBegins(_cpu: CpuId, regions: readonly RegionRange[]): void {
    this.asked &= ~bitsOf(regions)
    this.wasEarly = this.returning > 0
  }
  override guestMemoryReturned(): void {
    this.returning = Math.max(0, this.returning - 1)
  }
  override fault(cpu: number, doing: string): void {
    this.faulted = `${doing} on CPU ${cpu}`
  }

  save(to: number[]): void {
    to.push(this.asked, this.wasEarly ? 1 : 0, this.returning)
  }

  load(from: WordReader): void {
    this.asked = from.next()
    this.wasEarly = from.next() === 1
    this.returning = from.next()
  }
}

function bitsOf(regions: readonly RegionRange[]): number {
  let bits = 0
  for (const { first, end } of regions) bits |= 2 ** end - 2 ** first
  return bits
}

class Decommissions extends MachineListener {
  readonly #monitor: Monitor

  constructor(monitor: Monitor) {
    super()
    this.#monitor = monitor
  }

  override firmware(command: FirmwareCommand, status: FirmwareStatus): void {
    if (command.name === 'SNP_DECOMMISSION' && status === 'SUCCESS') this.#monitor.returning++
  }
}
