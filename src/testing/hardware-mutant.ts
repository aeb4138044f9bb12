/** What a mutant of the hardware is, and what its programs are made of. */
import type { stepsOf } from '../check/index.ts'
import type { Instruction, Machine, MachineOptions } from '../machine/index.ts'
import { does, type Scene } from './hardware.ts'
import { assign, put, verify } from './instructions.ts'
import { enableSnp, smallMachine, type TestMachineSpec } from './machines.ts'

export type Steps = typeof stepsOf

export interface HardwareMutant {
  /** The program in which it is seen, in few words. */
  readonly shown: string
  /** On right hardware: nothing fails. */
  readonly scene: Scene
  /** What is wrong with it. */
  readonly mutate?: (machine: Machine) => void
  readonly steps?: Steps
  /** Properties that see it; the first is the one that is about it. None: it harms nobody, litmus files alone see that it is wrong. */
  readonly caughtBy: readonly string[]
}

export type HardwareMutants = Readonly<Record<string, HardwareMutant>>

export const ready = (spec: TestMachineSpec = {}) => enableSnp(smallMachine(spec), { init: false })
export const region = 0
export const verifyIt = does(verify(ready(), region))

/** RMPOPT on one CPU, RMPUPDATE of a page of the region on another. */
export const race: Scene = {
  machine: () => ready({ cores: 3 }),
  threads: [
    { cpu: 0, program: [verifyIt] },
    { cpu: 1, program: [does(assign(3))] },
  ],
}

/** The same where the last core has the region optimised already. */
export const optimised: Scene = { ...race, machine: () => optimise(ready({ cores: 3 })) }

/** RMPOPT of a region whose last page is a guest's. */
export const taken: Scene = { ...race, machine: () => assigned(ready({ cores: 3 })), threads: race.threads.slice(0, 1) }

function optimise(machine: Machine): Machine {
  machine.execute(2, verify(machine, region))
  return machine
}

export function assigned(machine: Machine): Machine {
  put(machine, 3, 'Guest-Valid')
  return machine
}

/** Hardware with other options: what the reference says it is not. */
export function having(options: Partial<MachineOptions>): (machine: Machine) => void {
  return (machine) => void Object.assign(machine, { options: { ...machine.options, ...options } })
}

/** An instruction, and what else its steps are made of. */
export type Of<Name extends Instruction['name']> = [instruction: Extract<Instruction, { name: Name }>, ...of: Parameters<Steps>]

/** Hardware that does one instruction otherwise; `right`: how it does the others. */
export function instead<Name extends Instruction['name']>(
  name: Name,
  steps: (...of: Of<Name>) => ReturnType<Steps>,
  right: Steps,
): Steps {
  return (...of) => {
    const operation = of[3]
    if (operation.do !== 'instruction' || operation.instruction.name !== name) return right(...of)
    return steps(operation.instruction as Extract<Instruction, { name: Name }>, ...of)
  }
}
