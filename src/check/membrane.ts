import { assert } from '../arch/index.ts'
import type { Values } from './values.ts'

/** What of an object graph is handed through, and how. */
export interface MembraneSpec {
  /** Objects that change: they are handed out behind the membrane. All of them, from the start. */
  readonly places: readonly object[]
  /** Objects that never change: they are handed out as they are, and looking at them is no observation. */
  readonly constants?: readonly unknown[]
  readonly values: Values
  /** Parts of places that never change: looking at them does not count as touching the world. */
  readonly isFixed?: (place: object, key: string | symbol) => boolean
}

/** One contact with the world: it can be made again, now, and may then observe something else. */
export interface Contact {
  readonly make: () => unknown
  /** Number of what it has observed; `WRITES`: it observes nothing. */
  readonly number: number
}

/** In the place of a number: the contact only writes. */
export const WRITES = Number.NEGATIVE_INFINITY

/** What a piece of a generator did in the world. */
export interface Lived {
  readonly observed: number[]
  readonly contacts: Contact[]
  /** Whether it touched the world at all. */
  readonly touched: boolean
}

/**
 * What a generator sees of the world that it shares with others. *Live*, everything goes through to the world, and what the
 * generator observes is put down: values it reads, results of methods it calls. In *replay* it is told what it once observed, and
 * the world is not touched. A generator whose local state depends on nothing else can thus be rebuilt from what it has observed,
 * and two that have observed the same are in the same state.
 *
 * Objects among the `places` come out behind the membrane again; any other must be a constant or a value that never changes.
 */
export class Membrane {
  readonly #values: Values
  readonly #places: readonly object[]
  /** What comes out: the places behind the membrane, then the constants as they are. */
  readonly #handouts: readonly unknown[]
  /** Of every place, of it behind the membrane and of every constant its position among the handouts. */
  readonly #positions = new Map<unknown, number>()
  #log: readonly number[] = []
  #seen: number[] = []
  #contacts: Contact[] = []
  readonly #isFixed: (place: object, key: string | symbol) => boolean
  #mode: 'closed' | 'live' | 'replay' | 'resume' = 'closed'
  /** Where the replay is in the log. */
  #cursor = 0
  #touched = false

  constructor({ places, constants = [], values, isFixed = () => false }: MembraneSpec) {
    this.#isFixed = isFixed
    this.#values = values
    this.#places = places
    this.#handouts = [...places.map((place) => this.#wrap(place)), ...constants]
    for (const [position, thing] of [...places, ...constants].entries()) this.#positions.set(thing, position)
    for (const [position, thing] of this.#handouts.entries()) this.#positions.set(thing, position)
  }

  /** Runs a piece of a generator in the world. @returns what it observed, and whether it touched the world at all */
  live(piece: () => void): Lived {
    return this.resume([], piece)
  }

  /** Runs a piece on what it has observed already, then in the world. @returns what it did there after that */
  resume(observed: readonly number[], piece: () => void): Lived {
    const lived = { observed: [], contacts: [] }
    this.#seen = lived.observed
    this.#contacts = lived.contacts
    this.#touched = false
    this.#log = observed
    this.#cursor = 0
    this.#mode = observed.length > 0 ? 'resume' : 'live'
    piece()
    assert(this.#mode === 'live', 'a generator observes in replay what it observed live')
    this.#mode = 'closed'
    return { ...lived, touched: this.#touched }
  }

  /** Under which number an observation goes down. */
  number(seen: unknown): number {
    const position = this.#positions.get(seen)
    return position === undefined ? this.#values.number(seen) : -1 - position
  }

  /** Runs a piece of a generator on what it once observed; asserts that it asks for just that. */
  replay(observed: readonly number[], piece: () => void): void {
    this.#log = observed
    this.#cursor = 0
    this.#mode = 'replay'
    piece()
    this.#mode = 'closed'
    assert(this.#cursor === observed.length, 'a generator observes in replay what it observed live')
  }

  /** A place as generators see it. */
  behind<T extends object>(place: T): T {
    const position = this.#positions.get(place)
    assert(position !== undefined && position < this.#places.length, 'it is one of the places')
    return this.#handouts[position] as T
  }

  /** The object itself of one that has come out from behind the membrane. */
  unwrap<T>(value: T): T {
    const position = this.#positions.get(value) ?? this.#places.length
    return position < this.#places.length ? (this.#places[position] as T) : value
  }

  #wrap(place: object): object {
    const fixed = new Map<string | symbol, unknown>()
    // The proxy's own target is empty: what it is a proxy of may have parts that a proxy must report faithfully.
    return new Proxy(Array.isArray(place) ? [] : {}, {
      get: (_, key) => {
        let part = fixed.get(key)
        if (part === undefined) fixed.set(key, (part = this.#fixedPart(place, key)))
        return part === CHANGES ? this.#observe(() => Reflect.get(place, key), this.#isFixed(place, key)) : part
      },
      set: (_, key, value) => this.#write(() => Reflect.set(place, key, this.unwrap(value))),
      has: (_, key) => this.#observe(() => Reflect.has(place, key)) as boolean,
      deleteProperty: (_, key) => this.#write(() => Reflect.deleteProperty(place, key)),
    })
  }

  #write(make: () => boolean): boolean {
    if (this.#isTold) return true
    this.#touched = true
    this.#contacts.push({ make, number: WRITES })
    return make()
  }

  /** A constant or a method of a place: looking at these is no observation. */
  #fixedPart(place: object, key: string | symbol): unknown {
    const method = Reflect.get(place, key)
    if ((this.#positions.get(method) ?? -1) >= this.#places.length) return method
    if (typeof method !== 'function') return CHANGES
    // The methods of an array work on whatever has elements: on the proxy they observe one element after the other.
    if (Array.isArray(place)) return method
    return (...args: unknown[]) => {
      const hasCallback = args.some((arg) => typeof arg === 'function')
      assert(!hasCallback, `${String(key)} is not handed a function: in replay nobody would call it`)
      return this.#observe(
        () =>
          Reflect.apply(
            this.#current(place, key),
            place,
            args.map((arg) => this.unwrap(arg)),
          ),
        this.#isFixed(place, key),
      )
    }
  }

  /** The method as it is now: a mutant may have put another in its place. */
  #current(place: object, key: string | symbol): (...args: unknown[]) => unknown {
    return Reflect.get(place, key) as (...args: unknown[]) => unknown
  }

  /** Whether it is told what it once observed. */
  get #isTold(): boolean {
    return this.#mode === 'replay' || this.#mode === 'resume'
  }

  #observe(make: () => unknown, isFixed = false): unknown {
    assert(this.#mode !== 'closed', 'the world is looked at live or in replay')
    if (this.#isTold) {
      const known = this.#log[this.#cursor++]
      if (this.#mode === 'resume' && this.#cursor === this.#log.length) this.#mode = 'live'
      return this.#recall(known)
    }
    if (!isFixed) this.#touched = true
    const number = this.number(make())
    this.#seen.push(number)
    this.#contacts.push({ make, number })
    return this.#recall(number)
  }

  #recall(number: number): unknown {
    return number < 0 ? this.#handouts[-1 - number] : this.#values.value(number)
  }
}

const CHANGES = Symbol('neither a constant nor a method')
