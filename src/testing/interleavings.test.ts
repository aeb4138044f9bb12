import { describe, expect, it } from 'vitest'
import { findViolation, interleavings, positionOf } from './interleavings.ts'

function* counting(log: string[], name: string, steps: number): Generator<string, string, void> {
  for (let step = 1; step < steps; step++) {
    log.push(`${name}${step}`)
    yield `step ${step + 1}`
  }
  log.push(`${name}${steps}`)
  return name
}

function world(...lengths: number[]) {
  const state: string[] = []
  return { state, threads: lengths.map((steps, i) => counting(state, 'abc'[i], steps)) }
}

describe('interleavings', () => {
  it('plays each schedule once: as many as there are ways to merge the threads', () => {
    const seen = new Set<string>()
    const count = interleavings(() => world(3, 2), { onEnd: ({ state }) => seen.add(state.join(' ')) })
    expect(count).toBe(10) // 5 over 2
    expect(seen.size).toBe(10)
    expect(interleavings(() => world(2, 2, 2), {})).toBe(90) // 6! / 2!³
  })

  it('keeps the order of the steps of each thread', () => {
    interleavings(() => world(3, 3), {
      onEnd: ({ state }) => {
        expect(state.filter((s) => s.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
        expect(state.filter((s) => s.startsWith('b'))).toEqual(['b1', 'b2', 'b3'])
      },
    })
  })

  it('says which step did what the thread had announced, and what the threads answered', () => {
    interleavings(() => world(2, 1), {
      onEnd: ({ state, steps, answers }) => {
        expect(steps[positionOf(steps, 0, 'step 2')]).toEqual({ thread: 0, action: 'step 2' })
        expect(state[positionOf(steps, 0, 'step 2')]).toBe('a2')
        expect(state[positionOf(steps, 1, 'begin')]).toBe('b1')
        expect(positionOf(steps, 1, 'step 2')).toBe(-1)
        expect(answers).toEqual(['a', 'b'])
      },
    })
  })

  it('is told after every step, and finds a violation that only one schedule has', () => {
    const wrong = ({ state }: { state: string[] }) => (state.join() === 'a1,b1,b2,a2' ? 'found' : undefined)
    expect(findViolation(() => world(2, 2), wrong)).toBe('found after 0:begin, 1:begin, 1:step 2, 0:step 2')
    expect(findViolation(() => world(2, 1), wrong)).toBeUndefined()
  })

  it('asserts that there are not too many', () => {
    expect(() => interleavings(() => world(3, 3), { limit: 19 })).toThrow('at most 19 schedules')
    expect(interleavings(() => world(3, 3), { limit: 20 })).toBe(20)
  })
})
