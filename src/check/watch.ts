import { type Model, NO_DEADLOCK, type Property, type State, type Unfinished, type Verdict } from './model.ts'

/** Where a property was first seen not to hold: enough for the strategy to make a path of it. */
export type Found = number | readonly number[]

/** Looks at the states that a strategy visits, and remembers where each property first failed. */
export class Watch<At extends Found> {
  readonly #always: readonly Property[]
  readonly #atTheEnd: readonly Property[]
  readonly #eventually: readonly Property[]
  readonly #model: Model
  readonly failed = new Map<string, At>()
  readonly #asked: number

  constructor(model: Model) {
    this.#model = model
    this.#always = model.properties.filter(({ kind }) => kind === 'always')
    this.#atTheEnd = model.properties.filter(({ kind }) => kind === 'at the end')
    this.#eventually = model.properties.filter(({ kind }) => kind === 'eventually')
    this.#asked = model.properties.length + 1
  }

  /** Nothing is left that could still fail. */
  get isOver(): boolean {
    return this.failed.size === this.#asked
  }

  /** A state that was not seen before. @param at called only when something is wrong with it */
  visit(state: State, at: () => At): void {
    if (this.#model.isSuspect?.(state) === false) return
    for (const property of this.#always) if (!property.holds(state)) this.#fail(property.name, at)
  }

  /** A state in which nothing but outside events is enabled: without these, a run ends here. @param isLast not even these are */
  quiet(state: State, isLast: boolean, at: () => At): void {
    const isEnd = this.#model.isEnd(state)
    if (!isEnd) this.#fail(NO_DEADLOCK.name, at)
    for (const property of this.#eventually) if (!property.holds(state)) this.#fail(property.name, at)
    if (isEnd && isLast) for (const property of this.#atTheEnd) if (!property.holds(state)) this.#fail(property.name, at)
  }

  #fail(name: string, at: () => At): void {
    if (!this.failed.has(name)) this.failed.set(name, at())
  }
}

/** What became of a property that was not seen to fail. */
export function unfailed(property: string, states: number, because: Unfinished | undefined): Verdict {
  return because === undefined ? { property, kind: 'holds', states } : { property, kind: 'unfinished', states, because }
}
