import type { CpuId } from '../../arch/index.ts'
import {
  type Access,
  type FirmwareCommand,
  type FirmwareStatus,
  type Instruction,
  type Machine,
  microSteps,
  type Outcome,
} from '../../machine/index.ts'
import type { AccessAnswer, World } from './world.ts'

/** What a CPU does next. */
export type Operation =
  | { readonly do: 'instruction'; readonly instruction: Instruction }
  /** A command to the security processor: one step. */
  | { readonly do: 'firmware'; readonly command: FirmwareCommand }
  /** A load or store, with the look-up of its translation: one step. `value`: what a write leaves in the page. */
  | { readonly do: 'access'; readonly access: Access; readonly value: number }

/** What came of an operation. */
export type Answer = Outcome | AccessAnswer | { readonly kind: 'status'; readonly status: FirmwareStatus }

/** A CPU and its program: operations one after the other. A CPU executes one RMPOPT at a time. */
export interface Thread {
  readonly cpu: CpuId
  readonly program: readonly Operation[]
}

/** The steps of an operation: between two of them any other thread may go. Each yield says what the next one will do. */
export type OperationSteps = Generator<string, Answer, void>

/** The steps that the machine makes of an operation. `machine` is the world's, behind the same membrane. */
export function* stepsOf(world: World, machine: Machine, cpu: CpuId, operation: Operation): OperationSteps {
  switch (operation.do) {
    case 'instruction':
      return yield* microSteps(machine, cpu, operation.instruction)
    case 'firmware':
      return { kind: 'status', status: world.firmware(operation.command) }
    case 'access':
      return world.access(cpu, operation.access, operation.value)
  }
}

/** One line for people. */
export function operationText(operation: Operation): string {
  switch (operation.do) {
    case 'instruction':
      return instructionText(operation.instruction)
    case 'firmware':
      return operation.command.name
    case 'access': {
      const { who, write, spa } = operation.access
      return `${write ? 'write' : 'read'} by ${who} at 0x${spa.toString(16)}`
    }
  }
}

function instructionText(instruction: Instruction): string {
  const { name } = instruction
  if ('rax' in instruction) return `${name} 0x${instruction.rax.toString(16)}`
  if ('guest' in instruction) return `${name} 0x${instruction.guest.spa.toString(16)}`
  return 'msr' in instruction ? `${name} 0x${instruction.msr.toString(16)}` : name
}
