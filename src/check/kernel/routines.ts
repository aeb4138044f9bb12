import { assert } from '../../arch/index.ts'
import type { Extent, Op, Routine } from '../../kernel/index.ts'
import { type Contact, type Membrane, WRITES } from '../membrane.ts'
import type { Values } from '../values.ts'

/** Where a routine is: everything that it has observed and was answered, up to the operation that it is about to ask for. */
export interface RoutineState {
  readonly number: number
  /** States from its beginning to this one. */
  readonly depth: number
  /** How it is begun. */
  readonly make: () => Routine<unknown>
  /** The state before and what was answered there; `undefined`: the routine has not begun. */
  readonly after: { readonly state: RoutineState; readonly answer: number; readonly observed: readonly number[] } | undefined
  /** What it asks for; `undefined`: it has not begun, or it has ended. */
  readonly op: Op | undefined
  readonly isDone: boolean
  /** What it has returned, where it has ended. */
  readonly result: unknown
  /** In the middle of a loop: its first `play`, which may be answered with any index, and what its steps have collected. */
  readonly loop: { readonly head: RoutineState; readonly collected: readonly (readonly unknown[])[] } | undefined
  /** By answer, what it does then. */
  readonly next: Map<number, Branch>
  /** By first index, then what was collected: the states in the middle of the loop that begins here. */
  readonly within: Map<string, RoutineState>
}

/** A tree of what a routine may meet on its way from one operation to the next. */
interface Branch {
  contact: Contact | undefined
  readonly children: Map<number, Branch>
  leaf: { readonly state: RoutineState; readonly touched: boolean } | undefined
}

/**
 * All states of routines that were reached. A routine goes its way from one operation to the next once for each way there is:
 * rebuilt by replay, then live in the world. From then on that way is known as a list of contacts with the world, which are made
 * again without the routine, as long as they observe what they did.
 */
export class Routines {
  readonly #membrane: Membrane
  readonly #values: Values
  #count = 0
  /** How often a routine was rebuilt. */
  rebuilt = 0

  constructor(membrane: Membrane, values: Values) {
    this.#membrane = membrane
    this.#values = values
  }

  get count(): number {
    return this.#count
  }

  /** A routine that has not begun. */
  begin(make: () => Routine<unknown>): RoutineState {
    return this.#state({ make, after: undefined, op: undefined, isDone: false, result: undefined, loop: undefined })
  }

  /** Goes on from a state in the world as it is. @returns the next state, and whether it has touched the world */
  step(state: RoutineState, answer: unknown): { readonly state: RoutineState; readonly touched: boolean } {
    const number = this.#membrane.number(answer)
    let branch = state.next.get(number)
    if (branch === undefined) state.next.set(number, (branch = newBranch()))
    const observed: number[] = []
    while (branch.leaf === undefined) {
      if (branch.contact === undefined) return this.#explore(state, number, observed, branch)
      const seen = branch.contact.make()
      let at = WRITES
      if (branch.contact.number !== WRITES) observed.push((at = this.#membrane.number(seen)))
      let child = branch.children.get(at)
      if (child === undefined) branch.children.set(at, (child = newBranch()))
      branch = child
    }
    return branch.leaf
  }

  /** A way that was not gone before: from `at` on, where `observed` has been observed already. */
  #explore(state: RoutineState, answer: number, observed: readonly number[], at: Branch): NonNullable<Branch['leaf']> {
    const { routine, loops } = this.#rebuild(state)
    let result: IteratorResult<Op, unknown> | undefined
    const lived = this.#membrane.resume(observed, () => {
      result = routine.next(this.#answer(answer))
    })
    assert(result !== undefined, 'the routine went on')
    let branch = at
    for (const contact of lived.contacts) {
      branch.contact = contact
      const child = newBranch()
      branch.children.set(contact.number, child)
      branch = child
    }
    const seen = [...observed, ...lived.observed]
    branch.leaf = { state: this.#arrive(state, answer, seen, result, loops), touched: observed.length > 0 || lived.touched }
    return branch.leaf
  }

  #arrive(
    state: RoutineState,
    answer: number,
    observed: readonly number[],
    { done = false, value }: IteratorResult<Op, unknown>,
    loops: ReadonlyMap<object, RoutineState>,
  ): RoutineState {
    const { make } = state
    const after = { state, answer, observed }
    if (done) return this.#state({ make, after, op: undefined, isDone: true, result: value, loop: undefined })
    const op = value as Op
    const head = op.op === 'play' ? loops.get(op.loop) : undefined
    if (head === undefined || op.op !== 'play')
      return this.#state({ make, after, op: this.#unwrapped(op), isDone: false, result: undefined, loop: undefined })
    // What the steps before have observed is forgotten: a loop can be entered anywhere.
    const collected = collections(op).map((list) => [...list])
    const key = JSON.stringify([op.next, collected])
    let within = head.within.get(key)
    if (within === undefined) {
      within = this.#state({ make, after: head.after, op, isDone: false, result: undefined, loop: { head, collected } })
      head.within.set(key, within)
    }
    return within
  }

  /** Locks, work items and threads themselves, as they are in the world. */
  #unwrapped(op: Op): Op {
    if ('lock' in op) return { ...op, lock: this.#membrane.unwrap(op.lock) }
    if ('work' in op) return { ...op, work: this.#membrane.unwrap(op.work) }
    if ('thread' in op) return { ...op, thread: this.#membrane.unwrap(op.thread) }
    return op
  }

  #rebuild(state: RoutineState): { routine: Routine<unknown>; loops: Map<object, RoutineState> } {
    const chain: RoutineState[] = []
    for (let at: RoutineState | undefined = state; at !== undefined; at = at.after?.state) chain.unshift(at)
    const log = chain.flatMap(({ after }) => after?.observed ?? [])
    const routine = state.make()
    const loops = new Map<object, RoutineState>()
    this.rebuilt++
    this.#membrane.replay(log, () => {
      for (const at of chain.slice(1)) {
        const { answer } = at.after as NonNullable<RoutineState['after']>
        const { value } = routine.next(this.#answer(answer))
        if (at.op?.op !== 'play') continue
        const yielded = value as Extract<Op, { op: 'play' }>
        loops.set(yielded.loop, at.loop?.head ?? at)
        if (at.loop !== undefined) restore(yielded, at.loop.collected)
      }
    })
    return { routine, loops }
  }

  #answer(number: number): unknown {
    return this.#values.value(number)
  }

  #state(state: Omit<RoutineState, 'number' | 'depth' | 'next' | 'within'>): RoutineState {
    const depth = state.after === undefined ? 0 : state.after.state.depth + 1
    return { ...state, number: this.#count++, depth, next: new Map(), within: new Map() }
  }
}

function newBranch(): Branch {
  return { contact: undefined, children: new Map(), leaf: undefined }
}

/** What the steps of a loop hand to later ones and to who comes after the loop. */
function collections({ loop }: Extract<Op, { op: 'play' }>): (Set<number> | Extent[])[] {
  if ('successes' in loop && loop.successes !== undefined) return [loop.successes as Set<number>]
  return loop.name === 'gmem-invalidate' ? [loop.leaked] : []
}

function restore(op: Extract<Op, { op: 'play' }>, collected: readonly (readonly unknown[])[]): void {
  for (const [i, list] of collections(op).entries()) {
    if (list instanceof Set) for (const region of collected[i]) list.add(region as number)
    else list.splice(0, list.length, ...(collected[i] as Extent[]))
  }
}
