import { assert } from '../arch/index.ts'

/**
 * What threads have observed, each once, numbered as it comes: primitives, plain data (by what it says, frozen), and objects that
 * stand for themselves and never change, such as an interned set.
 */
export class Values {
  readonly #numbers = new Map<unknown, number>()
  readonly #values: unknown[] = []
  readonly #standsForItself: (value: object) => boolean

  constructor(standsForItself: (value: object) => boolean = () => false) {
    this.#standsForItself = standsForItself
  }

  /** The number of a value; a new one gets the next. Plain data is copied: later changes to it are not seen. */
  number(value: unknown): number {
    const isData = typeof value === 'object' && value !== null && !this.#standsForItself(value)
    const key = isData ? keyOf(value) : value
    let number = this.#numbers.get(key)
    if (number === undefined) {
      assert(typeof value !== 'function', 'a function cannot be recorded')
      number = this.#values.push(isData ? frozenCopy(value) : value) - 1
      this.#numbers.set(key, number)
    }
    return number
  }

  value(number: number): unknown {
    return this.#values[number]
  }
}

/** Distinct from every string that a thread may observe. */
const DATA = '\u0000data '

function keyOf(value: object): string {
  return DATA + JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${DATA}${part}n` : part))
}

function frozenCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) {
    assert(typeof value !== 'function', 'a function cannot be recorded')
    return value
  }
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T
  const prototype = Object.getPrototypeOf(value)
  assert(
    prototype === Object.prototype || prototype === null,
    `${prototype?.constructor?.name} is plain data, or a place of the membrane`,
  )
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, frozenCopy(part)]))) as T
}
