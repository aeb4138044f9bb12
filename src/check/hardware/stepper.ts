import { assert } from '../../arch/index.ts'
import type { Machine } from '../../machine/index.ts'
import { Membrane } from '../membrane.ts'
import { Values } from '../values.ts'
import type { Answer, OperationSteps, stepsOf, Thread } from './operation.ts'
import type { ThreadState, ThreadStates } from './threads.ts'
import type { World } from './world.ts'

/** What one real step was: the world has changed accordingly. */
export type Stepped =
  | { readonly kind: 'observed'; readonly observed: readonly number[]; readonly next: string; readonly touched: boolean }
  | { readonly kind: 'answered'; readonly answer: Answer; readonly number: number; readonly touched: boolean }

/** Makes the real steps of threads in a world: rebuilds a thread from what it has observed, and lets it go one step further. */
export class Stepper {
  readonly #membrane: Membrane
  readonly #values = new Values((value) => 'words' in value)
  readonly #world: World
  readonly #machine: Machine
  readonly #states: ThreadStates
  readonly #steps: typeof stepsOf

  constructor(world: World, states: ThreadStates, steps: typeof stepsOf) {
    this.#membrane = new Membrane({ ...graphOf(world), values: this.#values })
    this.#world = this.#membrane.behind(world)
    this.#machine = this.#membrane.behind(world.machine)
    this.#states = states
    this.#steps = steps
  }

  /** @param number the state that the thread is in */
  step(thread: Thread, number: number): Stepped {
    const state = this.#states.at(number)
    const steps = this.#steps(this.#world, this.#machine, thread.cpu, thread.program[state.answered])
    this.#catchUp(steps, number)
    let result: IteratorResult<string, Answer> | undefined
    const { observed, touched } = this.#membrane.live(() => {
      result = steps.next()
    })
    assert(result !== undefined, 'a step was made')
    if (!result.done) return { kind: 'observed', observed, next: result.value, touched }
    return { kind: 'answered', answer: result.value, number: this.#values.number(result.value), touched }
  }

  /** The answer that a state's last step brought. */
  answer({ answer }: ThreadState): Answer {
    return this.#values.value(answer) as Answer
  }

  #catchUp(steps: OperationSteps, number: number): void {
    const observed: number[] = []
    let made = 0
    const { base } = this.#states.at(number)
    for (let at = number; at !== base; at = this.#states.at(at).parent) {
      observed.unshift(...this.#states.at(at).observed)
      made++
    }
    if (made === 0) return
    this.#membrane.replay(observed, () => {
      for (let i = 0; i < made; i++) steps.next()
    })
  }
}

/** Which objects of a world change, and which never do. */
function graphOf(world: World): { places: readonly object[]; constants: readonly unknown[] } {
  const { machine } = world
  const { rmp, tables, tlb, firmware, locks, cpus, tell } = machine
  return {
    places: [world, machine, rmp, tables, tlb, firmware, locks, tell, cpus, ...cpus, tables.bases, tables.cached],
    constants: constantsOf(machine),
  }
}

function constantsOf({ geometry, topology, features, options, layout, ram, covered, rmpOwn }: Machine): unknown[] {
  return [geometry, topology, features, options, layout, ram, covered, rmpOwn].filter((constant) => constant !== undefined)
}
