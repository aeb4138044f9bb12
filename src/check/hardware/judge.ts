import type { Machine } from '../../machine/index.ts'
import type { Property, State } from '../model.ts'
import type { Completed, HardwareProperty } from './properties.ts'
import type { ThreadStates } from './threads.ts'

/** Says which properties hold: looks at every shared state and every step once, and remembers. */
export class Judge {
  /** What was asked, of states of the model. */
  readonly properties: readonly Property[]
  readonly #asked: readonly HardwareProperty[]
  readonly #threads: ThreadStates
  /** For each property the regions, as bits, for which it does not hold, by shared state. */
  readonly #wrong: readonly number[][]
  /** The regions, as bits, for which some property does not hold, by shared state. */
  readonly #wrongSomehow: number[] = []

  constructor(asked: readonly HardwareProperty[], threads: ThreadStates) {
    this.#asked = asked
    this.#threads = threads
    this.#wrong = asked.map(() => [])
    this.properties = asked.map((property, index) => this.#property(property, index))
  }

  /** Looks at the shared state that comes next by number. */
  look(machine: Machine): void {
    const wrong = this.#asked.map((property) => wrongNow(property, machine))
    for (const [index, regions] of wrong.entries()) this.#wrong[index].push(regions)
    const ofRegions = wrong.filter((_, index) => 'ofRegion' in this.#asked[index])
    this.#wrongSomehow.push(ofRegions.reduce((any, regions) => any | regions, 0))
  }

  /** @returns a bit for each property that the step breaks */
  broken(completed: Completed): number {
    let broken = 0
    for (const [index, property] of this.#asked.entries()) {
      if ('ofStep' in property && !property.ofStep(completed)) broken |= 1 << index
    }
    return broken
  }

  isSuspect(state: State): boolean {
    let wrong = this.#wrongSomehow[state[0]]
    let broken = 0
    for (let word = 1; word < state.length; word++) {
      const thread = this.#threads.at(state[word])
      wrong &= ~thread.converting
      broken |= thread.broken
    }
    return (wrong | broken) !== 0
  }

  #property(property: HardwareProperty, index: number): Property {
    const { name, sentence } = property
    const threads = this.#threads
    const bit = 1 << index
    if ('ofEnd' in property) return { name, sentence, kind: 'at the end', holds: (state) => this.#wrong[index][state[0]] === 0 }
    if ('ofStep' in property) {
      const holds = (state: State) => {
        for (let word = 1; word < state.length; word++) if ((threads.at(state[word]).broken & bit) !== 0) return false
        return true
      }
      return { name, sentence, kind: 'always', holds }
    }
    const holds = (state: State) => {
      let wrong = this.#wrong[index][state[0]]
      if (wrong === 0) return true
      for (let word = 1; word < state.length; word++) wrong &= ~threads.at(state[word]).converting
      return wrong === 0
    }
    return { name, sentence, kind: 'always', holds }
  }
}

function wrongNow(property: HardwareProperty, machine: Machine): number {
  if ('ofEnd' in property) return property.ofEnd(machine) ? 0 : 1
  let wrong = 0
  if ('ofRegion' in property) {
    for (let region = 0; region < machine.rmp.regions; region++) if (!property.ofRegion(machine, region)) wrong |= 1 << region
  }
  return wrong
}
