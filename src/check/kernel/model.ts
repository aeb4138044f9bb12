import type { CpuId } from '../../arch/index.ts'
import type { Kernel, RmpoptDriver, Routine } from '../../kernel/index.ts'
import { Interner } from '../interner.ts'
import type { Model, Property, State } from '../model.ts'
import { PairTable } from '../pair-table.ts'
import { KTHREAD, runBefore } from './before.ts'
import { maySleep } from './carry-out.ts'
import { Endless, OPERATIONS_MAX } from './endless.ts'
import { Judge, type Misstep } from './judge.ts'
import { isTangled, taken } from './lock-order.ts'
import { mayLoop } from './loops.ts'
import { KERNEL_PROPERTIES, type KernelProperty } from './properties.ts'
import type { Scenario } from './scenario.ts'
import { Scheduler, type Thread } from './scheduler.ts'
import { Stepper } from './stepper.ts'
import { isAtRest, ready, type ThreadState, ThreadStates } from './threads.ts'
import { stepWords } from './words.ts'
import { KernelWorld } from './world.ts'
import { Writers } from './writers.ts'

export interface KernelSpec {
  readonly scenario: Scenario
  readonly driver: RmpoptDriver
  /** Default: `KERNEL_PROPERTIES`. */
  readonly properties?: readonly KernelProperty[]
  /** What is done to the kernel before anything else: one that is wrong in something, to see whether a property notices. */
  readonly mutate?: (kernel: Kernel) => void
  /** Make steps that touch nothing shared together with the step before. Default: true. */
  readonly joinPrivate?: boolean
  /** Default: as the scenario says. */
  readonly instructions?: 'micro-steps' | 'whole'
}

/**
 * The routines of a kernel and its driver, interleaved operation by operation. A state is the number of the shared state and then the
 * number of each thread's local state; a step is made for real once for each pair of the two, and looked up from then on.
 *
 * Of each thread there is an action for the outside, which begins it and lets it go on after a pause, and one for each CPU that
 * its next operation may be carried out on: a task that is not pinned may be anywhere.
 */
export class KernelModel implements Model {
  readonly words: number
  readonly actions: number
  readonly properties: readonly Property[]
  readonly world: KernelWorld
  readonly threads: readonly Thread[]
  readonly #joins: boolean
  readonly #stepper: Stepper
  readonly #scheduler: Scheduler
  readonly #shared = new Interner()
  readonly #locals = new ThreadStates()
  readonly #steps: readonly PairTable[]
  readonly #initial: State
  readonly #judge: Judge
  readonly #writers: Writers
  /** Actions of threads; those of writers come after them. */
  readonly #threadActions: number
  /** Of each local state whether the thread is at rest. */
  readonly #rests: boolean[] = []
  readonly #cpus: number
  #at = -1

  constructor({
    scenario,
    driver,
    properties = KERNEL_PROPERTIES,
    mutate,
    joinPrivate = true,
    instructions = 'micro-steps',
  }: KernelSpec) {
    this.world = new KernelWorld(scenario.machine, driver, EVENTS_FROM + scenario.events.length, scenario.online)
    mutate?.(this.world.kernel)
    this.#judge = new Judge(properties)
    this.#joins = joinPrivate
    const guests = runBefore(this.world, scenario)
    const { kernel, machine } = this.world
    this.#cpus = machine.topology.cpus
    this.#stepper = new Stepper(this.world, instructions)
    const begin = (routine: (behind: Kernel) => Routine<unknown>) => this.#stepper.begin(routine)
    this.threads = [
      { name: 'worker', kind: 'worker', start: begin((behind) => driver.work?.(behind) ?? none()) },
      { name: 'kthread', kind: 'thread', start: begin((behind) => driver.thread?.(behind) ?? none()) },
      ...scenario.events.map(({ name, routine }) => ({
        name,
        kind: 'event' as const,
        start: begin((behind) => routine(behind, guests)),
      })),
    ]
    this.#scheduler = new Scheduler(this.world, this.#stepper, this.threads)
    this.words = this.threads.length + 1
    this.#writers = new Writers(scenario.writes)
    this.#threadActions = this.threads.length * (this.#cpus + 1)
    this.actions = this.#threadActions + this.#writers.count
    this.#steps = Array.from({ length: this.actions }, () => new PairTable())
    this.properties = properties.map((property, index) => this.#property(property, index))
    const locals = this.threads.map(({ start }) => this.#local(ready(start)))
    if (kernel.rmpopt.thread.sleeper === KTHREAD) locals[KTHREAD] = this.#local(this.#stepper.asleep())
    this.#initial = Int32Array.of(this.#intern(), ...locals)
  }

  initial(): readonly State[] {
    return [this.#initial]
  }

  step(from: State, action: number, to: State): boolean {
    if (action >= this.#threadActions) return this.#write(from, action - this.#threadActions, to)
    const thread = Math.floor(action / (this.#cpus + 1))
    const [shared, local] = [from[0], from[1 + thread]]
    const steps = this.#steps[action]
    let at = steps.find(shared, local)
    if (at < 0) at = this.#work(thread, (action % (this.#cpus + 1)) - 1, shared, local, steps)
    if (steps.first(at) < 0) return false
    for (let word = 0; word < from.length; word++) to[word] = from[word]
    to[0] = steps.first(at)
    to[1 + thread] = steps.second(at)
    return true
  }

  isOutside(action: number): boolean {
    return action >= this.#threadActions || action % (this.#cpus + 1) === 0
  }

  isEnd(state: State): boolean {
    return this.#areAtRest(state)
  }

  isSuspect(state: State): boolean {
    if (this.#judge.wrong(state[0]) !== 0) return true
    for (let word = 1; word < state.length; word++) if (this.#locals.at(state[word]).broken !== 0) return true
    return false
  }

  mayLoop(): boolean {
    const inside = (thread: number) => this.#steps.slice(thread * (this.#cpus + 1) + 1, (thread + 1) * (this.#cpus + 1))
    return mayLoop(this.threads.map((_, thread) => inside(thread)))
  }

  label(state: State, action: number): string {
    if (action >= this.#threadActions) return this.#writers.label(action - this.#threadActions)
    const thread = Math.floor(action / (this.#cpus + 1))
    const cpu = (action % (this.#cpus + 1)) - 1
    return stepWords(this.enter(state[0]), this.threads[thread].name, thread, cpu, this.threadState(state, thread))
  }

  /** Whose action it is; -1: no thread's. */
  threadOf(action: number): number {
    return action >= this.#threadActions ? -1 : Math.floor(action / (this.#cpus + 1))
  }

  threadState(state: State, thread: number): ThreadState {
    return this.#locals.at(state[1 + thread])
  }

  /** The world in a state: to look at, until the model is asked anything else. */
  enter(shared: number): KernelWorld {
    if (this.#at !== shared) this.world.load(this.#shared.at(shared))
    this.#at = shared
    return this.world
  }

  /** How much was played for real, and what remembering it costs. */
  get played(): { shared: number; threads: number; routines: number; rebuilt: number; steps: number; bytes: number } {
    const { routines } = this.#stepper
    const steps = this.#steps.reduce((sum, { count }) => sum + count, 0)
    const bytes = this.#shared.bytes + this.#locals.bytes + this.#steps.reduce((sum, table) => sum + table.bytes, 0)
    return {
      shared: this.#shared.count,
      threads: this.#locals.count,
      routines: routines.count,
      rebuilt: routines.rebuilt,
      steps,
      bytes,
    }
  }

  #write(from: State, index: number, to: State): boolean {
    const steps = this.#steps[this.#threadActions + index]
    let at = steps.find(from[0], 0)
    if (at < 0) {
      this.enter(from[0])
      this.#at = -1
      at = steps.add(from[0], 0, this.#writers.step(this.world, index) ? this.#intern() : -1, 0)
    }
    if (steps.first(at) < 0) return false
    to.set(from)
    to[0] = steps.first(at)
    return true
  }

  #areAtRest(state: State): boolean {
    for (let word = 1; word < state.length; word++) if (!this.#rests[state[word]]) return false
    return true
  }

  /** Makes a step for real, and remembers it. @returns where it is remembered */
  #work(thread: number, cpu: CpuId | -1, shared: number, local: number, steps: PairTable): number {
    const state = this.#locals.at(local)
    if (!this.#scheduler.mayStep(thread, cpu, state)) return steps.add(shared, local, -1, 0)
    this.enter(shared)
    this.#at = -1
    const misstep = this.#misstep(state, thread)
    const stepped = this.#scheduler.step(thread, cpu, state)
    if (stepped === undefined) return steps.add(shared, local, -1, 0)
    if (stepped.thread.routine.depth > OPERATIONS_MAX) throw new Endless(this.threads[thread].name, OPERATIONS_MAX)
    const broken = this.#judge.broken(stepped, misstep)
    const next = this.#intern()
    const joined = this.#joins ? this.#joined(thread, next, stepped.thread) : stepped.thread
    return steps.add(shared, local, next, this.#local({ ...joined, broken }))
  }

  /** What is wrong with the step that the thread is about to make, by what it is; remembers locks that it takes. */
  #misstep({ routine: { op }, phase }: ThreadState, thread: number): Misstep {
    const { world } = this
    const { held, atomic } = world.tasks[thread]
    const sleepsAtomic = op !== undefined && maySleep(op) && atomic > 0
    if (op?.op !== 'lock' || phase !== 'ready') return { isTangled: false, sleepsAtomic }
    const lock = world.locks.indexOf(op.lock)
    const wrong = isTangled(world.lockOrder, held, lock)
    world.lockOrder = taken(world.lockOrder, held, lock)
    return { isTangled: wrong, sleepsAtomic }
  }

  /** The thread after the steps that touch nothing shared. */
  #joined(thread: number, shared: number, from: ThreadState): ThreadState {
    for (let state = from; ; ) {
      this.enter(shared)
      const next = this.#stepper.private(thread, state)
      this.#at = next === undefined ? -1 : shared
      if (next === undefined || next.isDone) return state
      if (next.depth > OPERATIONS_MAX) throw new Endless(this.threads[thread].name, OPERATIONS_MAX)
      state = ready(next)
    }
  }

  #local(state: ThreadState): number {
    const number = this.#locals.intern(state)
    this.#rests[number] ??= isAtRest(state)
    return number
  }

  #intern(): number {
    const known = this.#shared.count
    const shared = this.#shared.intern(this.world.save())
    this.#at = shared
    if (shared === known) this.#judge.look(this.world)
    return shared
  }

  #property({ name, sentence, of }: KernelProperty, index: number): Property {
    const bit = 1 << index
    const holds: Record<KernelProperty['of'], (state: State) => boolean> = {
      'every state': (state) => (this.#judge.wrong(state[0]) & bit) === 0,
      rest: (state) => (this.#judge.wrongAtRest(state[0]) & bit) === 0 || !this.#areAtRest(state),
      step: (state) => this.threads.every((_, thread) => (this.threadState(state, thread).broken & bit) === 0),
    }
    return { name, sentence, kind: of === 'rest' ? 'eventually' : 'always', holds: holds[of] }
  }
}

function* none(): Routine<void> {}

/** Tasks of events come after worker and kernel thread. */
const EVENTS_FROM = 2
