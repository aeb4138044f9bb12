import { assert } from '../../arch/index.ts'
import type { Machine, Renaming } from '../../machine/index.ts'
import { Interner } from '../interner.ts'
import type { Model, Property, State } from '../model.ts'
import { PairTable } from '../pair-table.ts'
import { Judge } from './judge.ts'
import { type Answer, type Operation, operationText, stepsOf, type Thread } from './operation.ts'
import { convertedRegion, HARDWARE_PROPERTIES, type HardwareProperty } from './properties.ts'
import { Stepper } from './stepper.ts'
import { type Permutation, type Renamer, Symmetry } from './symmetry.ts'
import { ThreadStates } from './threads.ts'
import { World } from './world.ts'

export interface HardwareSpec {
  /** The machine as it is before anything happens: the arena in which all states are played. It is the model's from now on. */
  readonly machine: Machine
  /** Memory before anything happens, by page; all else is 0. */
  readonly memory?: readonly { readonly pfn: number; readonly value: number }[]
  readonly threads: readonly Thread[]
  /** Default: `HARDWARE_PROPERTIES`. */
  readonly properties?: readonly HardwareProperty[]
  /**
   * Take states for the same that differ only in which of the CPUs with equal programs is which, and in which of the regions to which
   * the same is done is which. The hardware and what is asked must treat them alike. Default: false.
   */
  readonly symmetry?: boolean | 'CPUs'
  /** Make steps that touch nothing shared together with the step before. Default: false. */
  readonly joinPrivate?: boolean
  /** How operations go, step by step. Default: as in the machine. */
  readonly steps?: typeof stepsOf
  readonly text?: (operation: Operation) => string
}

/**
 * Instructions and accesses of several CPUs, interleaved micro-step by micro-step. A state is the number of the shared state
 * and then the number of each thread's local state; a step is made for real once for each pair of the two, and looked up from
 * then on.
 */
export class HardwareModel implements Model {
  readonly words: number
  readonly actions: number
  readonly properties: readonly Property[]
  readonly canonicalise?: (state: State) => void
  readonly #spec: HardwareSpec
  readonly #world: World
  readonly #shared = new Interner()
  readonly #threads = new ThreadStates()
  readonly #judge: Judge
  readonly #stepper: Stepper
  readonly #steps: readonly PairTable[]
  readonly #initial: State
  #symmetries: Symmetry | undefined
  /** Of each thread state the step in which it first came up, and the shared state after it: kept where there are symmetries. */
  readonly #made: { readonly action: number; readonly shared: number; readonly from: number; readonly to: number }[] = []
  /** The shared state that the world is in; -1: not known. */
  #at = -1

  constructor(spec: HardwareSpec) {
    const { machine, threads, symmetry = false, steps = stepsOf } = spec
    assert(machine.rmp.regions <= 30, 'a set of regions fits in a word')
    this.#spec = spec
    this.words = threads.length + 1
    this.actions = threads.length
    this.#judge = new Judge(spec.properties ?? HARDWARE_PROPERTIES, this.#threads)
    this.properties = this.#judge.properties
    this.#world = new World(machine)
    for (const { pfn, value } of spec.memory ?? []) this.#world.write(pfn, value)
    this.#stepper = new Stepper(this.#world, this.#threads, steps)
    this.#steps = threads.map(() => new PairTable())
    const programs = new Map<string, number>()
    const starts = threads.map(({ program }) => {
      const key = keyOf(program)
      if (!programs.has(key)) programs.set(key, programs.size)
      return this.#threads.start(programs.get(key) as number, program.length === 0)
    })
    this.#initial = Int32Array.of(this.#intern(), ...starts)
    if (symmetry === false) return
    const symmetries = new Symmetry(machine, threads, keyOf, this.#renamer(), symmetry === true)
    this.#symmetries = symmetries
    this.canonicalise = (state) => symmetries.canonicalise(state)
  }

  initial(): readonly State[] {
    return [this.#initial]
  }

  step(from: State, action: number, to: State): boolean {
    const steps = this.#steps[action]
    const [shared, thread] = [from[0], from[1 + action]]
    let at = steps.find(shared, thread)
    if (at < 0) at = this.#work(action, shared, thread)
    if (steps.first(at) === NO_STEP) return false
    for (let word = 0; word < from.length; word++) to[word] = from[word]
    to[0] = steps.first(at)
    to[1 + action] = steps.second(at)
    return true
  }

  isEnd(state: State): boolean {
    return this.#spec.threads.every((_, thread) => this.#threads.at(state[1 + thread]).isDone)
  }

  isSuspect(state: State): boolean {
    return this.#judge.isSuspect(state)
  }

  label(state: State, action: number): string {
    const { cpu, program } = this.#spec.threads[action]
    const { answered, next } = this.#threads.at(state[1 + action])
    return `CPU${cpu}: ${(this.#spec.text ?? operationText)(program[answered])}: ${next}`
  }

  /** What the operations of a thread have answered so far, in order. */
  answers(state: State, thread: number): Answer[] {
    const answers: Answer[] = []
    for (let at = this.#threads.at(state[1 + thread]); at.parent >= 0; at = this.#threads.at(at.parent)) {
      if (at.answer >= 0) answers.unshift(this.#stepper.answer(at))
    }
    return answers
  }

  /** The world in a state: to look at, until the model is asked anything else. */
  enter(shared: number): World {
    if (this.#at !== shared) this.#world.load(this.#shared.at(shared))
    this.#at = shared
    return this.#world
  }

  /** How much was played for real, and what remembering it costs. */
  get played(): { readonly shared: number; readonly threads: number; readonly steps: number; readonly bytes: number } {
    const steps = this.#steps.reduce((sum, { count }) => sum + count, 0)
    const bytes = this.#shared.bytes + this.#threads.bytes + this.#steps.reduce((sum, table) => sum + table.bytes, 0)
    return { shared: this.#shared.count, threads: this.#threads.count, steps, bytes }
  }

  #renamer(): Renamer {
    return {
      shared: (shared, names) => {
        this.enter(shared)
        return this.#intern(names)
      },
      local: (local, permutation) => this.#renamedLocal(local, permutation),
    }
  }

  /**
   * A thread's state if regions were called otherwise. What it has observed cannot be renamed, since nobody knows which numbers
   * are regions; but it was observed in a step, and the same step is made where everything is called otherwise.
   */
  #renamedLocal(local: number, permutation: Permutation): number {
    const symmetries = this.#symmetries as Symmetry
    const made = this.#made[local]
    if (made === undefined) return this.#initial[1 + permutation.threads[this.#initial.subarray(1).indexOf(local)]]
    const [shared, from] = [symmetries.shared(permutation, made.shared), symmetries.local(permutation, made.from)]
    const there = this.#play(permutation.threads[made.action], shared, from)
    assert(
      there.shared === symmetries.shared(permutation, made.to),
      'the hardware treats regions alike that are taken for each other',
    )
    return there.thread
  }

  /** Makes a step for real, and remembers it. @returns where it is remembered */
  #work(action: number, shared: number, thread: number): number {
    if (this.#threads.at(thread).isDone) return this.#steps[action].add(shared, thread, NO_STEP, 0)
    const first = this.#play(action, shared, thread)
    const last = this.#spec.joinPrivate ? this.#joined(action, first.shared, first.thread) : first.thread
    return this.#steps[action].add(shared, thread, first.shared, last)
  }

  /** The state of a thread after the steps that touch nothing shared. What a property could see must stay to be seen. */
  #joined(action: number, shared: number, from: number): number {
    for (let last = from; ; ) {
      const { isDone, broken, converting } = this.#threads.at(last)
      if (isDone || broken !== 0) return last
      const next = this.#play(action, shared, last)
      if (next.touched || this.#threads.at(next.thread).converting !== converting) return last
      last = next.thread
    }
  }

  #play(action: number, shared: number, from: number): { shared: number; thread: number; touched: boolean } {
    const known = this.#threads.count
    const step = this.#playThread(action, shared, from)
    if (this.#symmetries !== undefined && step.thread === known) this.#made[known] = { action, shared, from, to: step.shared }
    return step
  }

  #playThread(action: number, before: number, number: number): { shared: number; thread: number; touched: boolean } {
    const thread = this.#spec.threads[action]
    const operation = thread.program[this.#threads.at(number).answered]
    this.enter(before)
    this.#at = -1
    const stepped = this.#stepper.step(thread, number)
    const shared = this.#intern()
    const { touched } = stepped
    if (stepped.kind === 'observed') {
      const { observed, next } = stepped
      const region = convertedRegion(this.#world.machine, operation)
      const converting = region < 0 ? 0 : 1 << region
      return { shared, touched, thread: this.#threads.observe(number, { observed, next, broken: 0, converting }) }
    }
    const { answer, number: answerNumber } = stepped
    const broken = this.#judge.broken({ machine: this.#world.machine, cpu: thread.cpu, operation, answer })
    const isDone = this.#threads.at(number).answered + 1 === thread.program.length
    return { shared, touched, thread: this.#threads.answer(number, { answer: answerNumber, broken, isDone }) }
  }

  /** The number of the state that the world is in; `names`: would be in, if CPUs and regions were called otherwise. */
  #intern(names?: Renaming): number {
    const known = this.#shared.count
    const shared = this.#shared.intern(this.#world.save(names))
    if (names === undefined) this.#at = shared
    if (shared === known) {
      this.enter(shared)
      this.#judge.look(this.#world.machine)
    }
    return shared
  }
}

/** Equal for equal programs. */
function keyOf(program: readonly Operation[]): string {
  return JSON.stringify(program, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
}

/** In the place of the next shared state: the thread has finished. */
const NO_STEP = -1
