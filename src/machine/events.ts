import type { CpuId, RegionIndex } from '../arch/index.ts'
import type { FirmwareCommand, FirmwareStatus } from './firmware/commands.ts'
import type { IndexSet } from './index-set.ts'
import type { Instruction, Outcome, UnspecifiedBehaviour } from './instructions/types.ts'

/**
 * What happens in a machine, told as it happens. Metrics, narration and exports are listeners; a listener takes what it
 * needs and inherits silence for the rest. Called on hot paths: arguments, not objects.
 */
export class MachineListener {
  /** An instruction has completed, `times` times in a row with the same outcome. */
  instruction(_cpu: CpuId, _instruction: Instruction, _outcome: Outcome, _times: number): void {}
  /** The security processor has answered a command, `times` times in a row. */
  firmware(_command: FirmwareCommand, _status: FirmwareStatus, _times: number): void {}
  /** The number of assigned pages of a region has changed. */
  assigned(_region: RegionIndex, _before: number, _after: number): void {}
  /** The set of cores whose RMPOPT table has the region's bit set has changed. */
  optimised(_region: RegionIndex, _before: IndexSet, _after: IndexSet): void {}
  /** Cached translations were dropped by a shoot-down. */
  shotDown(_count: number): void {}
  /** Something was asked of the machine that AMD's text says nothing about. */
  unspecified(_cpu: CpuId, _diagnostic: UnspecifiedBehaviour): void {}
}

/** A listener's call as data. */
export type MachineEvent =
  | { readonly type: 'instruction'; cpu: CpuId; instruction: Instruction; outcome: Outcome; times: number }
  | { readonly type: 'firmware'; command: FirmwareCommand; status: FirmwareStatus; times: number }
  | { readonly type: 'assigned'; region: RegionIndex; before: number; after: number }
  | { readonly type: 'optimised'; region: RegionIndex; before: IndexSet; after: IndexSet }
  | { readonly type: 'shot-down'; count: number }
  | { readonly type: 'unspecified'; cpu: CpuId; diagnostic: UnspecifiedBehaviour }

/** Keeps what it hears. */
export class MachineRecorder extends MachineListener {
  readonly events: MachineEvent[] = []

  override instruction(cpu: CpuId, instruction: Instruction, outcome: Outcome, times: number): void {
    this.events.push({ type: 'instruction', cpu, instruction, outcome, times })
  }
  override firmware(command: FirmwareCommand, status: FirmwareStatus, times: number): void {
    this.events.push({ type: 'firmware', command, status, times })
  }
  override assigned(region: RegionIndex, before: number, after: number): void {
    this.events.push({ type: 'assigned', region, before, after })
  }
  override optimised(region: RegionIndex, before: IndexSet, after: IndexSet): void {
    this.events.push({ type: 'optimised', region, before, after })
  }
  override shotDown(count: number): void {
    this.events.push({ type: 'shot-down', count })
  }
  override unspecified(cpu: CpuId, diagnostic: UnspecifiedBehaviour): void {
    this.events.push({ type: 'unspecified', cpu, diagnostic })
  }

  /** Takes what was heard so far and starts anew. */
  take(): MachineEvent[] {
    return this.events.splice(0)
  }
}
