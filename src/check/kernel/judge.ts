import type { KernelProperty } from './properties.ts'
import type { Stepped } from './stepper.ts'
import type { KernelWorld } from './world.ts'

/** What is wrong with a step by what it is: it takes a lock in the wrong order; it may sleep where nothing may. */
export interface Misstep {
  readonly isTangled: boolean
  readonly sleepsAtomic: boolean
}

/** Asks the properties of each shared state once, and of each step. Properties are bits, in their order. */
export class Judge {
  readonly #asked: readonly KernelProperty[]
  readonly #wrong: number[] = []
  readonly #wrongAtRest: number[] = []

  constructor(asked: readonly KernelProperty[]) {
    this.#asked = asked
  }

  /** At a shared state that is new: the next number. */
  look(world: KernelWorld): void {
    this.#wrong.push(this.#wrongIn('every state', world))
    this.#wrongAtRest.push(world.isIdle ? this.#wrongIn('rest', world) : 0)
  }

  /** Properties that do not hold in a shared state. */
  wrong(shared: number): number {
    return this.#wrong[shared]
  }

  /** Properties that do not hold in it if all threads are at rest. */
  wrongAtRest(shared: number): number {
    return this.#wrongAtRest[shared]
  }

  /** Properties that a step has broken. */
  broken({ fault, racesLost = false }: Stepped, { isTangled, sleepsAtomic }: Misstep): number {
    const isBroken = {
      'no fault': fault !== '',
      'lock order': isTangled,
      'atomic context': sleepsAtomic,
      'race guarantee': racesLost,
    }
    return this.#bitsOf((property) => property.of === 'step' && isBroken[property.about])
  }

  #wrongIn(of: 'every state' | 'rest', world: KernelWorld): number {
    return this.#bitsOf((property) => property.of === of && !property.holds(world))
  }

  #bitsOf(isMeant: (property: KernelProperty) => boolean): number {
    return this.#asked.reduce((bits, property, index) => bits | (isMeant(property) ? 1 << index : 0), 0)
  }
}
