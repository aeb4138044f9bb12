/** The strategies, on toy models whose state spaces are counted by hand. */
import { describe, expect, it } from 'vitest'
import { breadthFirst } from './breadth-first.ts'
import { depthFirst } from './depth-first.ts'
import type { Model, Property, State, Verdict } from './model.ts'
import { randomWalks } from './random-walks.ts'

/** Threads that each count a word up to a limit. */
function counters(limits: readonly number[], properties: readonly Property[] = []): Model {
  return {
    words: limits.length,
    actions: limits.length,
    properties,
    initial: () => [new Int32Array(limits.length)],
    step: (from, action, to) => {
      to.set(from)
      to[action]++
      return from[action] < limits[action]
    },
    isEnd: (state) => state.every((count, thread) => count === limits[thread]),
    label: (_, action) => `thread ${action} counts`,
  }
}

/** A state machine as a list of arrows; state 0 is initial, states without arrows are ends unless named. */
function arrows(list: readonly (readonly [from: number, action: number, to: number])[], over: Partial<Model> = {}): Model {
  return {
    words: 1,
    actions: 2,
    properties: [],
    initial: () => [Int32Array.of(0)],
    step: (from, action, to) => {
      const arrow = list.find(([at, by]) => at === from[0] && by === action)
      if (arrow !== undefined) to[0] = arrow[2]
      return arrow !== undefined
    },
    isEnd: () => true,
    label: (state, action) => `${state[0]} by ${action}`,
    ...over,
  }
}

const never = (name: string, holds: (state: State) => boolean): Property => ({ name, sentence: name, kind: 'always', holds })
const eventually = (name: string, holds: (state: State) => boolean): Property => ({
  name,
  sentence: name,
  kind: 'eventually',
  holds,
})
const kinds = (verdicts: readonly Verdict[]) => Object.fromEntries(verdicts.map(({ property, kind }) => [property, kind]))
const failed = (verdicts: readonly Verdict[], property: string) => {
  const verdict = verdicts.find((one) => one.property === property)
  if (verdict?.kind !== 'fails') throw new Error(`${property} ${verdict?.kind}`)
  return verdict
}

describe('an exhaustive exploration', () => {
  it.each([breadthFirst, depthFirst])('visits each state once: counters to 3 and 4 have 4 times 5 (%o)', (strategy) => {
    const { states, steps, depth, because, verdicts } = strategy(counters([3, 4]))
    expect({ states, steps, depth, because }).toEqual({ states: 20, steps: 3 * 5 + 4 * 4, depth: 7, because: undefined })
    expect(kinds(verdicts)).toEqual({ 'no deadlock': 'holds' })
  })

  it('says how many states a verdict rests on', () => {
    const bounded = never('bounded', ([a]) => a <= 3)
    expect(breadthFirst(counters([3, 4], [bounded])).verdicts[0]).toEqual({ property: 'bounded', kind: 'holds', states: 20 })
  })

  it('finds a shortest counterexample breadth first, one that can be replayed depth first', () => {
    const property = never('not both', ([a, b]) => !(a >= 2 && b >= 1))
    const model = counters([9, 9], [property])
    const shortest = failed(breadthFirst(model).verdicts, 'not both').path
    expect(shortest.steps).toHaveLength(3)
    expect(shortest.steps.map(({ label }) => label)).toContain('thread 1 counts')
    const { path } = failed(depthFirst(model).verdicts, 'not both')
    let at = path.start
    for (const { action, state } of path.steps) {
      const to = new Int32Array(2)
      expect(model.step(at, action, to)).toBe(true)
      expect(to).toEqual(state)
      at = state
    }
    expect(property.holds(at)).toBe(false)
  })

  it('holds many states: a million and a bit, at less than 100 bytes each', () => {
    const { states, bytes } = breadthFirst(counters([100, 100, 100]))
    expect(states).toBe(101 ** 3)
    expect(bytes / states).toBeLessThan(100)
  })

  it('judges the end where the end is', () => {
    const atTheEnd: Property = { name: 'equal', sentence: '', kind: 'at the end', holds: ([a, b]) => a === b }
    expect(kinds(breadthFirst(counters([3, 3], [atTheEnd])).verdicts).equal).toBe('holds')
    for (const strategy of [breadthFirst, depthFirst]) {
      expect(failed(strategy(counters([3, 4], [atTheEnd])).verdicts, 'equal').path.steps).toHaveLength(7)
    }
  })
})

describe('a deadlock', () => {
  /** Two locks, taken in opposite order: words are who has lock A, who has lock B, and where each thread is. */
  const crossed: Model = {
    words: 4,
    actions: 2,
    properties: [],
    initial: () => [new Int32Array(4)],
    step: (from, thread, to) => {
      to.set(from)
      const at = from[2 + thread]
      const lock = at < 2 ? (at + thread) % 2 : -1
      if (at === 3 || (lock >= 0 && from[lock] !== 0)) return false
      if (lock >= 0) to[lock] = thread + 1
      else to[0] = to[1] = 0
      to[2 + thread]++
      return true
    },
    isEnd: (state) => state[2] === 3 && state[3] === 3,
    label: (state, thread) => `${thread} takes its lock ${state[2 + thread]}`,
  }

  it('is found: each thread has one lock and waits for the other', () => {
    for (const strategy of [breadthFirst, depthFirst]) {
      const { path } = failed(strategy(crossed).verdicts, 'no deadlock')
      expect(path.steps.at(-1)?.state).toEqual(Int32Array.of(1, 2, 1, 1))
    }
    expect(failed(randomWalks(crossed, { walks: 100, seed: 1 }).verdicts, 'no deadlock').path.steps).toHaveLength(2)
  })
})

describe('liveness', () => {
  const done = (...ends: number[]) => eventually('done', ([at]) => ends.includes(at))
  const verdict = (model: Model) => breadthFirst(model).verdicts[0]

  it('holds where every run ends in a good state', () => {
    expect(
      verdict(
        arrows(
          [
            [0, 0, 1],
            [0, 1, 2],
            [1, 0, 2],
          ],
          { properties: [done(2)] },
        ),
      ).kind,
    ).toBe('holds')
  })

  it('fails where a run may end in another', () => {
    const bad = verdict(
      arrows(
        [
          [0, 0, 1],
          [0, 1, 2],
        ],
        { properties: [done(2)] },
      ),
    )
    expect(bad).toMatchObject({ kind: 'fails', path: { steps: [{ label: '0 by 0' }] } })
    expect(bad).not.toHaveProperty('loop')
  })

  it('fails where a run may go round for ever, and shows the way round', () => {
    const bad = verdict(
      arrows(
        [
          [0, 0, 1],
          [1, 0, 2],
          [2, 0, 1],
        ],
        { properties: [done(9)] },
      ),
    )
    const { loop, path } = failed([bad], 'done')
    expect(path.steps).toHaveLength(1)
    expect(loop?.steps.map(({ label }) => label)).toEqual(['1 by 0', '2 by 0'])
  })

  it('is not failed by a run that is unfair: going round though the other thread could always end it', () => {
    expect(
      verdict(
        arrows(
          [
            [0, 0, 1],
            [1, 0, 0],
            [0, 1, 5],
            [1, 1, 5],
          ],
          { properties: [done(5)] },
        ),
      ).kind,
    ).toBe('holds')
  })

  it('is failed by going round where the other thread can end it only now and then: fairness is weak', () => {
    expect(
      verdict(
        arrows(
          [
            [0, 0, 1],
            [1, 0, 0],
            [0, 1, 5],
          ],
          { properties: [done(5)] },
        ),
      ).kind,
    ).toBe('fails')
  })

  it('does not count on outside events, and asks of every state that they may lead to', () => {
    const outside = { isOutside: (action: number) => action === 1 }
    // Without the event at 1 the run ends there.
    expect(
      verdict(
        arrows(
          [
            [0, 0, 1],
            [1, 1, 2],
          ],
          { ...outside, properties: [done(2)] },
        ),
      ).kind,
    ).toBe('fails')
    // The event leads to a state that nothing leads on from.
    expect(
      verdict(
        arrows(
          [
            [0, 0, 1],
            [0, 1, 3],
          ],
          { ...outside, properties: [done(1)] },
        ),
      ).kind,
    ).toBe('fails')
    expect(
      verdict(
        arrows(
          [
            [0, 0, 1],
            [0, 1, 3],
            [3, 0, 1],
          ],
          { ...outside, properties: [done(1)] },
        ),
      ).kind,
    ).toBe('holds')
  })
})

describe('what is not looked at is not judged', () => {
  const bounded = never('bounded', ([a]) => a <= 1000)
  const large = counters([1000, 1000], [bounded])

  it('a budget of states', () => {
    for (const strategy of [breadthFirst, depthFirst]) {
      const { verdicts, states, because } = strategy(large, { statesMax: 10_000 })
      expect(because).toBe('states')
      expect(states).toBeLessThan(30_000)
      expect(verdicts[0]).toEqual({ property: 'bounded', kind: 'unfinished', states, because: 'states' })
    }
  })

  it('a budget of bytes', () => {
    expect(breadthFirst(large, { bytesMax: 1e6 })).toMatchObject({ because: 'bytes' })
  })

  it('the caller’s stop, after some progress', () => {
    let told = 0
    const budget = { shouldStop: () => told >= 3, onProgress: () => void told++ }
    expect(breadthFirst(large, budget)).toMatchObject({
      because: 'stopped',
      verdicts: [{ kind: 'unfinished' }, { kind: 'unfinished' }],
    })
    expect(told).toBe(3)
  })

  it('random walks prove nothing, but may refute', () => {
    const walks = { walks: 50, seed: 7 }
    expect(kinds(randomWalks(counters([3, 3], [bounded]), walks).verdicts)).toEqual({
      bounded: 'unfinished',
      'no deadlock': 'unfinished',
    })
    const wrong = never('wrong', ([a, b]) => a + b < 5)
    expect(failed(randomWalks(counters([3, 3], [wrong]), walks).verdicts, 'wrong').path.steps).toHaveLength(5)
    expect(randomWalks(counters([3, 3], [wrong]), walks)).toEqual(randomWalks(counters([3, 3], [wrong]), walks))
  })
})

describe('symmetric states', () => {
  it('are counted once; verdicts and the lengths of counterexamples stay, and paths can be replayed', () => {
    const property = never('not 3 and 2', ([a, b]) => !(Math.max(a, b) >= 3 && Math.min(a, b) >= 2))
    const model = counters([5, 5], [property])
    const merged: Model = { ...model, canonicalise: (state) => state.sort() }
    const [full, half] = [breadthFirst(model), breadthFirst(merged)]
    expect([full.states, half.states]).toEqual([36, 21])
    expect(kinds(half.verdicts)).toEqual(kinds(full.verdicts))
    const { path } = failed(half.verdicts, property.name)
    expect(path.steps).toHaveLength(5)
    let at = path.start
    for (const { action, state } of path.steps) {
      const to = new Int32Array(2)
      expect(model.step(at, action, to)).toBe(true)
      expect(to).toEqual(state)
      at = state
    }
  })
})
