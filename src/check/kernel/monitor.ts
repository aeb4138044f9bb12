import { KernelListener } from '../../kernel/index.ts'
import { type FirmwareCommand, type FirmwareStatus, type Machine, MachineListener, type WordReader } from '../../machine/index.ts'

/** What properties must know of the past. Part of the state: as little as will do. */
export class Monitor extends KernelListener {
  /** A pass was asked for, and none has begun since. */
  isAsked = false
  /** Guests that are decommissioned and whose memory is not all back. */
  returning = 0
  /** The last pass began before all memory of ended guests was back. */
  wasEarly = false
  /** A fault was told since the last look. */
  faulted = ''

  watch(machine: Machine): void {
    machine.listen(new Decommissions(this))
  }

  override passRequested(): void {
    this.isAsked = true
  }
  override passBegins(): void {
    this.isAsked = false
    this.wasEarly = this.returning > 0
  }
  override guestMemoryReturned(): void {
    this.returning = Math.max(0, this.returning - 1)
  }
  override fault(cpu: number, doing: string): void {
    this.faulted = `${doing} on CPU ${cpu}`
  }

  save(to: number[]): void {
    to.push((this.isAsked ? 1 : 0) | (this.wasEarly ? 2 : 0), this.returning)
  }

  load(from: WordReader): void {
    const bits = from.next()
    this.isAsked = (bits & 1) !== 0
    this.wasEarly = (bits & 2) !== 0
    this.returning = from.next()
  }
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
