import { type CpuId, SUCCESS } from '../../arch/index.ts'
import type { IpiFunction, Routine } from '../../kernel/index.ts'
import { type Instruction, type Machine, microSteps, type Outcome } from '../../machine/index.ts'
import { interrupt } from './carry-out.ts'
import type { RoutineState, Routines } from './routines.ts'
import type { KernelWorld } from './world.ts'

/** Where an instruction is, or what has come of it. */
export type Progress = { readonly at: RoutineState; readonly outcome?: undefined } | { readonly outcome: Outcome }

/**
 * The CPUs, as far as they execute instructions for the kernel: RMPOPT, RMPUPDATE and PSMASH micro-step by micro-step, between which
 * other CPUs may go; everything else, or everything, at once. A CPU that is in the middle of one does nothing else.
 */
export class Processor {
  readonly #world: KernelWorld
  readonly #routines: Routines
  /** As instructions see it. */
  readonly #machine: Machine
  readonly #isWhole: boolean
  readonly #roots = new Map<string, RoutineState>()

  constructor(world: KernelWorld, routines: Routines, machine: Machine, isWhole: boolean) {
    this.#world = world
    this.#routines = routines
    this.#machine = machine
    this.#isWhole = isWhole
  }

  /** The first step of a function on a CPU, or the next one from where it is. */
  step(cpu: CpuId, fn: IpiFunction, at?: RoutineState): Progress {
    if (at === undefined && !this.#isInSteps(fn)) return { outcome: interrupt(this.#world.machine, cpu, fn) }
    const { state } = this.#routines.step(at ?? this.#begin(cpu, fn as Instruction), undefined)
    if (!state.isDone) {
      this.#world.busy |= 1 << cpu
      return { at: state }
    }
    this.#world.busy &= ~(1 << cpu)
    return { outcome: state.result as Outcome }
  }

  isBusy(cpu: CpuId): boolean {
    return ((this.#world.busy >> cpu) & 1) === 1
  }

  #isInSteps({ name }: IpiFunction): boolean {
    return !this.#isWhole && (name === 'RMPOPT' || name === 'RMPUPDATE' || name === 'PSMASH')
  }

  #begin(cpu: CpuId, instruction: Instruction): RoutineState {
    const key = `${cpu} ${JSON.stringify(instruction)}`
    let root = this.#roots.get(key)
    if (root === undefined) this.#roots.set(key, (root = this.#routines.begin(() => inSteps(this.#machine, cpu, instruction))))
    return root
  }
}

/** The micro-steps of an instruction, each as something that it asks for. */
function* inSteps(machine: Machine, cpu: CpuId, instruction: Instruction): Routine<Outcome> {
  const steps = microSteps(machine, cpu, instruction)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value as Outcome
    yield { op: 'cond-resched' }
  }
}

/** The region that an instruction has taken optimisations away from, if it has: it must not be optimised now (§6.8, §6.9). */
export function convertedRegion(machine: Machine, fn: IpiFunction, outcome: Outcome): number {
  if (!('eax' in outcome) || outcome.eax !== SUCCESS) return -1
  const converts = fn.name === 'PSMASH' || (fn.name === 'RMPUPDATE' && fn.input.assigned)
  return converts ? machine.regionOf(fn.rax) : -1
}
