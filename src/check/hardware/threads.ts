import { Interner } from '../interner.ts'

/**
 * The local state of a thread: which operations have answered what, and what the operation in flight has observed so far. It is
 * a chain of these, each a step after the one before.
 */
export interface ThreadState {
  /** The state before the last step; -1: none. */
  readonly parent: number
  /** The state in which the operation in flight, or the next one, begins. */
  readonly base: number
  /** Operations that have answered. */
  readonly answered: number
  /** Of a step within an operation, what it observed. */
  readonly observed: readonly number[]
  /** Of a step that completed an operation, the number of its answer; else -1. */
  readonly answer: number
  /** What the next step will do. */
  readonly next: string
  /** Bit of each property that the last step broke. */
  readonly broken: number
  /** Regions, as bits, that the operation in flight takes optimisations away from. */
  readonly converting: number
  readonly isDone: boolean
}

/** All local states that were reached, each once, numbered as they come. Threads with the same program share them. */
export class ThreadStates {
  readonly #numbers = new Interner()
  readonly #states: ThreadState[] = []

  /** @param program number of the program: different programs have nothing in common */
  start(program: number, isDone: boolean): number {
    return this.#intern([-1 - program], () => ({
      parent: -1,
      base: this.#states.length,
      answered: 0,
      observed: [],
      answer: -1,
      next: BEGIN,
      broken: 0,
      converting: 0,
      isDone,
    }))
  }

  /** A step that stays within the operation in flight. */
  observe(parent: number, step: Pick<ThreadState, 'observed' | 'next' | 'broken' | 'converting'>): number {
    const { base, answered } = this.at(parent)
    const key = [parent, OBSERVED, step.broken, ...step.observed]
    return this.#intern(key, () => ({ ...step, parent, base, answered, answer: -1, isDone: false }))
  }

  /** A step that completes the operation in flight: what it observed on the way is forgotten. */
  answer(parent: number, step: Pick<ThreadState, 'answer' | 'broken' | 'isDone'>): number {
    const { base, answered } = this.at(parent)
    const key = [base, ANSWERED, step.broken, step.answer]
    const number = this.#states.length
    return this.#intern(key, () => ({
      ...step,
      parent: base,
      base: number,
      answered: answered + 1,
      observed: [],
      next: BEGIN,
      converting: 0,
    }))
  }

  at(number: number): ThreadState {
    return this.#states[number]
  }

  get count(): number {
    return this.#states.length
  }

  get bytes(): number {
    return this.#numbers.bytes + this.#states.length * BYTES_OF_STATE
  }

  #intern(key: readonly number[], make: () => ThreadState): number {
    const number = this.#numbers.intern(key)
    if (number === this.#states.length) this.#states.push(make())
    return number
  }
}

export const BEGIN = 'begin'
const OBSERVED = 0
const ANSWERED = 1
/** About what the object of a state costs. */
const BYTES_OF_STATE = 160
