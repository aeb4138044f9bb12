/** Programs for the adversary, and the plainest way to play them: every schedule, on a machine built anew for each. */
import {
  type Answer,
  HardwareModel,
  type HardwareSpec,
  type Operation,
  type OperationSteps,
  stepsOf,
  type Thread,
  World,
} from '../check/index.ts'
import type { FirmwareCommand, Instruction, Machine } from '../machine/index.ts'
import { guestAccess, PAGE } from './instructions.ts'
import { interleavings } from './interleavings.ts'

export function does(instruction: Instruction): Operation {
  return { do: 'instruction', instruction }
}

export function commands(command: FirmwareCommand): Operation {
  return { do: 'firmware', command }
}

/** A write of the hypervisor to a page; `mapping`: bytes that the page tables map at once, by default the page. */
export function writes(pfn: number, value = 1, mapping = PAGE): Operation {
  return { do: 'access', access: { who: 'hypervisor', spa: pfn * PAGE, write: true, mapping }, value }
}

/** A read of the hypervisor. */
export function reads(pfn: number): Operation {
  return { do: 'access', access: { who: 'hypervisor', spa: pfn * PAGE, write: false, mapping: PAGE }, value: 0 }
}

/** A private write of guest 1 to a page that it sees at its system address. */
export function guestWrites(pfn: number, value = 1): Operation {
  return { do: 'access', access: guestAccess(pfn), value }
}

export interface Scene extends Omit<HardwareSpec, 'machine'> {
  readonly machine: () => Machine
}

export function modelOf(scene: Scene, over: Partial<HardwareSpec> = {}): HardwareModel {
  return new HardwareModel({ ...scene, machine: scene.machine(), ...over })
}

/** How a run of a scene ended: what each operation of each thread answered, and the state of the world. */
export interface End {
  readonly answers: readonly (readonly Answer[])[]
  readonly world: readonly number[]
}

/** Plays every schedule of a scene without membrane, memory or merging. @returns how often each end came up, by its JSON */
export function bruteForce({ machine, threads, steps = stepsOf }: Scene): Map<string, number> {
  const ends = new Map<string, number>()
  interleavings(
    () => {
      const state = new World(machine())
      return { state, threads: threads.map((thread) => run(state, thread, steps)) }
    },
    {
      onEnd: ({ state, answers }) => {
        const key = endKey({ answers: answers as Answer[][], world: state.save() })
        ends.set(key, (ends.get(key) ?? 0) + 1)
      },
    },
  )
  return ends
}

export function endKey(end: End): string {
  return JSON.stringify(end, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
}

/** The operations of a program one after the other: where one is done another thread may go. */
function* run(world: World, { cpu, program }: Thread, steps: typeof stepsOf): Generator<string, Answer[], void> {
  const answers: Answer[] = []
  for (const [index, operation] of program.entries()) {
    if (index > 0) yield 'begin'
    answers.push(yield* steps(world, world.machine, cpu, operation) as OperationSteps)
  }
  return answers
}
