import { type CpuId, SUCCESS } from '../../arch/index.ts'
import { type IpiOutcome, type Kernel, type Op, onlineOf, type Routine } from '../../kernel/index.ts'
import { type IndexSet, type Instruction, members, type Outcome, ofRun } from '../../machine/index.ts'
import { Membrane } from '../membrane.ts'
import { Values } from '../values.ts'
import { carryOut, faultIn, maySleep, NOT_NOW, WAITS } from './carry-out.ts'
import { FIXED, graphOf } from './places.ts'
import { convertedRegion, Processor, type Progress } from './processor.ts'
import { type RoutineState, Routines } from './routines.ts'
import { isPrivate, ready, type ThreadState } from './threads.ts'
import type { KernelWorld } from './world.ts'

/** What a step has brought; the world has changed accordingly. */
export interface Stepped {
  readonly thread: ThreadState
  /** What the kernel did not expect, if something. */
  readonly fault: string
  /** A conversion has completed, and its region is optimised somewhere. */
  readonly racesLost?: boolean
}

/** Makes real steps of kernel routines in a world. */
export class Stepper {
  readonly #world: KernelWorld
  readonly #membrane: Membrane
  readonly #processor: Processor
  readonly routines: Routines
  readonly kernel: Kernel
  readonly #outcomes = new Map<number, IpiOutcome>()

  constructor(world: KernelWorld, instructions: 'micro-steps' | 'whole') {
    this.#world = world
    const ipiOutcomes = new WeakSet<object>()
    this.#own = ipiOutcomes
    const values = new Values((value) => 'words' in value || ipiOutcomes.has(value))
    const graph = graphOf(world)
    const places = new Set<unknown>(graph.places)
    const isFixed = (place: object, key: string | symbol) => FIXED.has(key) || places.has(Reflect.get(place, key))
    this.#membrane = new Membrane({ ...graph, values, isFixed })
    this.routines = new Routines(this.#membrane, values)
    this.kernel = this.#membrane.behind(world.kernel)
    this.#processor = new Processor(world, this.routines, this.#membrane.behind(world.machine), instructions === 'whole')
  }

  readonly #own: WeakSet<object>

  /** A routine of the kernel, to be begun. */
  begin(routine: (kernel: Kernel) => Routine<unknown>): RoutineState {
    const { kernel } = this
    // Whatever happens before its first operation happens when it begins, not when it is made.
    return this.routines.begin(function* () {
      return yield* routine(kernel)
    })
  }

  /** The kernel thread as it sleeps in `schedule`. */
  asleep(): ThreadState {
    const sleep = this.begin(function* ({ rmpopt }) {
      yield { op: 'schedule', thread: rmpopt.thread }
    })
    return { ...ready(this.routines.step(sleep, undefined).state), phase: 'waits' }
  }

  /**
   * One step of a thread on a CPU; `undefined`: it cannot be made now, there. The world may have changed even then.
   * @param start where the thread began: after `schedule` a kernel thread does all over what it did then
   */
  step(task: number, cpu: CpuId, thread: ThreadState, start: RoutineState): Stepped | undefined {
    const { phase } = thread
    const { op } = thread.routine
    const routine = op?.op === 'schedule' ? start : thread.routine
    if (op === undefined) return cpu === 0 ? this.#goOn(routine, undefined) : undefined
    if (phase === 'waits') {
      const self = this.#world.tasks[task]
      if (!self.isWoken || cpu !== 0) return undefined
      self.isWoken = false
      return this.#goOn(routine, undefined)
    }
    if (op.op === 'on-each-cpu') return this.#onEachCpu(task, op, cpu, thread)
    if (op.op === 'execute') return this.#execute(task, cpu, thread, op.instruction)
    if (op.op === 'rmpupdate-run') return this.#executeRun(task, cpu, thread, op)
    if (!(isOnCpu(op) ? this.#world.mayRun(task, cpu) && !this.#processor.isBusy(cpu) : cpu === 0)) return undefined
    const answer = carryOut(this.#world, task, cpu, op)
    if (answer === NOT_NOW) return undefined
    if (answer === WAITS) return { thread: { ...ready(thread.routine), phase: 'waits' }, fault: '' }
    const next = this.#goOn(routine, answer)
    return { ...next, fault: faultIn(answer) || next.fault }
  }

  /** What the thread can do without anybody noticing, done; the world must be as it was left. `undefined`: nothing. */
  private(task: number, { routine, phase }: ThreadState): RoutineState | undefined {
    const { op } = routine
    const { pinned, atomic } = this.#world.tasks[task]
    if (phase !== 'ready' || op === undefined || !isPrivate(op, pinned > 0) || (atomic > 0 && maySleep(op))) return undefined
    const answer = carryOut(this.#world, task, this.#world.tasks[task].cpu, op as Exclude<Op, { op: 'on-each-cpu' }>)
    const { state, touched } = this.routines.step(routine, answer)
    return touched ? undefined : state
  }

  #goOn(routine: RoutineState, answer: unknown): Stepped {
    const { monitor } = this.#world
    monitor.faulted = ''
    const { state } = this.routines.step(routine, answer)
    return { thread: ready(state), fault: monitor.faulted }
  }

  #execute(task: number, cpu: CpuId, thread: ThreadState, instruction: Instruction): Stepped | undefined {
    const progress = this.#progress(task, cpu, thread, instruction)
    if (progress === undefined || progress.outcome === undefined) return progress && underWay(thread, cpu, progress.at)
    const { outcome } = progress
    const racesLost = this.#losesRace(instruction, outcome)
    const next = this.#goOn(thread.routine, outcome)
    return { ...next, fault: faultIn(outcome) || next.fault, racesLost }
  }

  /** One RMPUPDATE after the other; between two of them the task may be moved to another CPU. */
  #executeRun(task: number, cpu: CpuId, thread: ThreadState, op: Extract<Op, { op: 'rmpupdate-run' }>): Stepped | undefined {
    const { remaining, carry } = thread.phase === 'ready' ? { remaining: op.pages, carry: 0 } : thread
    if (remaining === 0) return cpu === 0 ? this.#goOn(thread.routine, 0) : undefined
    const instruction = ofRun(op.instruction, op.pages - remaining, this.#world.machine.geometry)
    const progress = this.#progress(task, cpu, thread, instruction)
    if (progress === undefined || progress.outcome === undefined)
      return progress && underWay({ ...thread, remaining, carry }, cpu, progress.at)
    const { outcome } = progress
    const racesLost = this.#losesRace(instruction, outcome)
    const updated = carry + ('eax' in outcome && outcome.eax === SUCCESS ? 1 : 0)
    if (remaining > 1) {
      const left = { ...thread, ...busyOn(thread, cpu, undefined), remaining: remaining - 1, carry: updated }
      return { thread: left, fault: faultIn(outcome), racesLost }
    }
    const next = this.#goOn(thread.routine, updated)
    return { ...next, fault: faultIn(outcome) || next.fault, racesLost }
  }

  /** The next step of what a task itself executes, on the CPU where it has begun, or may. */
  #progress(task: number, cpu: CpuId, { executing }: ThreadState, instruction: Instruction): Progress | undefined {
    const at = executing[cpu]
    const mayBegin = executing.length === 0 && this.#world.mayRun(task, cpu) && !this.#processor.isBusy(cpu)
    return at === undefined && !mayBegin ? undefined : this.#processor.step(cpu, instruction, at)
  }

  /** The handler on one of the CPUs that are left. */
  #onEachCpu(task: number, op: Extract<Op, { op: 'on-each-cpu' }>, cpu: CpuId, thread: ThreadState): Stepped | undefined {
    const self = this.#world.tasks[task]
    const remaining = thread.phase === 'ready' ? bitsOf(onlineOf(this.#world.kernel, op.mask)) : thread.remaining
    if (remaining === 0) return cpu === 0 ? this.#goOn(thread.routine, this.#outcome(0, 0)) : undefined
    const at = thread.executing[cpu]
    if (((remaining >> cpu) & 1) === 0 || (at === undefined && this.#processor.isBusy(cpu))) return undefined
    const progress = this.#processor.step(cpu, op.fn, at)
    if (thread.phase === 'ready') self.interrupts = remaining
    if (progress.outcome === undefined)
      return { thread: { ...thread, ...busyOn(thread, cpu, progress.at), remaining }, fault: '' }
    const { outcome } = progress
    const bit = 1 << cpu
    const carry = thread.carry | ('cf' in outcome && outcome.cf ? bit : 0)
    const faulted = thread.faulted | (outcome.kind === 'done' ? 0 : bit)
    const left = remaining & ~bit
    if (left !== 0)
      return {
        thread: { ...thread, ...busyOn(thread, cpu, undefined), remaining: left, carry, faulted },
        fault: faultIn(outcome),
      }
    self.interrupts = 0
    const next = this.#goOn(thread.routine, this.#outcome(carry, faulted))
    return { ...next, fault: faultIn(outcome) || next.fault }
  }

  #losesRace(instruction: Instruction, outcome: Outcome): boolean {
    const { machine } = this.#world
    const region = convertedRegion(machine, instruction, outcome)
    return region >= 0 && machine.tables.sets[region].size > 0
  }

  /** Equal outcomes are one object: it stands for itself. */
  #outcome(carry: number, faulted: number): IpiOutcome {
    const key = carry * 2 ** 16 + faulted
    let outcome = this.#outcomes.get(key)
    if (outcome === undefined) {
      const { cpuSets } = this.#world.machine.topology
      const setOf = (bits: number) => cpuSets.where((cpu) => ((bits >> cpu) & 1) === 1)
      outcome = { carry: setOf(carry), faulted: setOf(faulted) }
      this.#own.add(outcome)
      this.#outcomes.set(key, outcome)
    }
    return outcome
  }
}

/** A thread with an instruction at this point on a CPU. */
function busyOn(
  { executing }: ThreadState,
  cpu: CpuId,
  at: RoutineState | undefined,
): Pick<ThreadState, 'phase' | 'executing' | 'broken'> {
  const now = Array.from({ length: Math.max(executing.length, cpu + 1) }, (_, other) => (other === cpu ? at : executing[other]))
  return { phase: 'executes', executing: now.every((one) => one === undefined) ? [] : now, broken: 0 }
}

function underWay(thread: ThreadState, cpu: CpuId, at: RoutineState): Stepped {
  return { thread: { ...thread, ...busyOn(thread, cpu, at) }, fault: '' }
}

/** Where it is carried out makes a difference. */
export function isOnCpu({ op }: Op): boolean {
  return (
    op === 'execute' || op === 'on-each-cpu' || op === 'rmpupdate-run' || op === 'smp-processor-id' || op === 'migrate-disable'
  )
}

function bitsOf(set: IndexSet): number {
  let bits = 0
  for (const cpu of members(set)) bits |= 1 << cpu
  return bits
}
