/** Something of a scenario or a driver goes on and on, and would never be played to its end. */
export class Endless extends Error {
  /** Whose routine it is. */
  readonly who: string

  constructor(who: string, operations: number) {
    super(`${who} does not end: it has asked for ${operations} operations`)
    this.who = who
  }
}

/** Operations of one routine from its beginning, to be played in every order; loops that are played step by step count as one. */
export const OPERATIONS_MAX = 1000

/** Operations of one thing that has happened before, played once. */
export const BEFORE_MAX = 100_000
