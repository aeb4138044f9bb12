import { describe, expect, it } from 'vitest'
import { Membrane, WRITES } from './membrane.ts'
import { Values } from './values.ts'

class Counter {
  value = 0
  readonly #hidden: number[] = []
  readonly parts = [1, 2, 3]
  record = { low: 1, high: 2 }
  readonly limits = { max: 9 }
  add(amount: number): number {
    this.#hidden.push(amount)
    this.value += amount
    return this.#hidden.length
  }
  report(): { value: number } {
    return { value: this.value }
  }
  holds(other: Counter): boolean {
    return other instanceof Counter && other === this
  }
  each(tell: () => void): void {
    tell()
  }
}

function behind(counter = new Counter()) {
  const membrane = new Membrane({ places: [counter, counter.parts], constants: [counter.limits], values: new Values() })
  return { counter, membrane, proxy: membrane.behind(counter) }
}

/** Runs a piece live, then again in replay on a world that has changed. @returns what it saw, both times */
function twice<T>(piece: (proxy: Counter) => T, before: (counter: Counter) => void = () => {}): [T, T, Counter] {
  const { counter, membrane, proxy } = behind()
  before(counter)
  let seen: T | undefined
  const { observed } = membrane.live(() => {
    seen = piece(proxy)
  })
  counter.value = 1000
  counter.parts.push(99)
  const after = JSON.stringify(counter)
  let again: T | undefined
  membrane.replay(observed, () => {
    again = piece(proxy)
  })
  expect(JSON.stringify(counter), 'replay touches nothing').toBe(after)
  return [seen as T, again as T, counter]
}

describe('a membrane', () => {
  it.each([
    ['what is read', (counter: Counter) => counter.value, 0],
    ['results of methods', (counter: Counter) => [counter.add(2), counter.add(3), counter.value], [1, 2, 5]],
    ['plain data', (counter: Counter) => counter.report(), { value: 0 }],
    ['elements of an array', (counter: Counter) => counter.parts.map((part) => part * 2), [2, 4, 6]],
    ['iteration', (counter: Counter) => [...counter.parts], [1, 2, 3]],
    ['what it has written itself', (counter: Counter) => (counter.value = 7) && counter.value, 7],
  ])('tells in replay what was observed live: %s', (_, piece, expected) => {
    const [seen, again] = twice<unknown>(piece)
    expect(seen).toEqual(expected)
    expect(again).toEqual(expected)
  })

  it('shows plain data as it was when it was looked at', () => {
    const { counter, membrane, proxy } = behind()
    membrane.live(() => {
      const { record } = proxy
      counter.record.low = 5
      expect(record).toEqual({ low: 1, high: 2 })
      expect(Object.isFrozen(record)).toBe(true)
    })
  })

  it('hands an object back as itself', () => {
    const { membrane, proxy, counter } = behind()
    membrane.live(() => expect(proxy.holds(proxy)).toBe(true))
    expect(membrane.unwrap(proxy)).toBe(counter)
  })

  it('says whether the world was touched; looking at what never changes does not count', () => {
    const { membrane, proxy } = behind()
    expect(membrane.live(() => {})).toMatchObject({ observed: [], touched: false })
    expect(membrane.live(() => void proxy.limits.max).touched).toBe(false)
    expect(membrane.live(() => void proxy.value).touched).toBe(true)
    expect(membrane.live(() => void (proxy.value = 3))).toMatchObject({ observed: [], touched: true })
  })

  it('asserts that a replay asks for just what was observed', () => {
    const { membrane, proxy } = behind()
    const { observed } = membrane.live(() => void proxy.add(1))
    expect(() => membrane.replay(observed, () => {})).toThrow('observes in replay what it observed live')
  })

  it('does not let through what it could not put down', () => {
    const { membrane, proxy } = behind()
    expect(() => membrane.live(() => proxy.each(() => {}))).toThrow('is not handed a function')
    const place = { map: new Map([[1, 2]]) }
    const other = new Membrane({ places: [place], values: new Values() })
    expect(() => other.live(() => void other.behind(place).map)).toThrow('Map is plain data, or a place')
  })

  it('is closed but for the pieces that it runs', () => {
    const { proxy } = behind()
    expect(() => proxy.value).toThrow('live or in replay')
  })
})

describe('values', () => {
  it('are numbered by what they say', () => {
    const values = new Values()
    const one = values.number({ a: 1n, b: [2] })
    expect(values.number({ a: 1n, b: [2] })).toBe(one)
    for (const other of [{ a: 1, b: [2] }, { a: '1n', b: [2] }, 1n, 1, '1', undefined, null, Number.NaN]) {
      expect(values.number(other)).not.toBe(one)
      expect(values.number(other)).toBe(values.number(other))
    }
    expect(values.value(one)).toEqual({ a: 1n, b: [2] })
  })

  it('goes on live where what was observed ends, and tells each contact so that it can be made again', () => {
    const { counter, membrane, proxy } = behind()
    const { observed } = membrane.live(() => void proxy.value)
    counter.value = 5
    let seen: number[] = []
    const { contacts } = membrane.resume(observed, () => {
      seen = [proxy.value, proxy.value]
      proxy.value = 8
    })
    expect([seen, counter.value, contacts.map(({ number }) => number === WRITES)]).toEqual([[0, 5], 8, [false, true]])
    counter.value = 6
    expect([contacts[0].make(), contacts[1].make(), counter.value]).toEqual([6, true, 8])
  })
})
