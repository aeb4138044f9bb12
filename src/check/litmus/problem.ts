import { closest, distance } from 'fastest-levenshtein'

/** Where in a file: both counted from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A litmus file is wrong. The message is one line: what is wrong, and what to do. */
export class LitmusProblem extends Error {
  readonly place: Place

  constructor(place: Place, message: string) {
    super(message)
    this.place = place
  }
}

/** A name that is none of those there are. */
export function unknown(place: Place, what: string, given: string, known: readonly string[]): LitmusProblem {
  const near = closest(given.toLowerCase(), known.map((name) => name.toLowerCase()) as string[])
  const guess = known.find((name) => name.toLowerCase() === near)
  const isNear = guess !== undefined && near.length > 3 && distance(given.toLowerCase(), near) <= Math.ceil(near.length / 3)
  const advice = isNear ? `did you mean ${guess}?` : `choose one of ${known.join(', ')}`
  return new LitmusProblem(place, `${JSON.stringify(given)} is no ${what}; ${advice}`)
}
