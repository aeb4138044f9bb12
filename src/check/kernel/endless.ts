/** Something of a scenario or a driver goes on and on, and would never be played to its end. */
export class Endless extends Error {
  /** @param who whose routine it is */
  constructor(who: string) {
    super(`${who} does not end: it has asked for ${OPERATIONS_MAX} operations`)
  }
}

/** Operations of one routine from its beginning; loops that are played step by step count as one. */
export const OPERATIONS_MAX = 10_000
