import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lock } from './index.ts'

type How = 'exclusive' | 'shared'

describe('a lock (§7, kernel mechanisms) [K]', () => {
  it('is held by one writer, or by any number of readers', () => {
    const lock = new Lock('l')
    expect([lock.acquire(1, 'shared'), lock.acquire(2, 'shared'), lock.acquire(3, 'exclusive')]).toEqual([true, true, false])
    expect([lock.release(1, 'shared'), lock.release(2, 'shared')]).toEqual([[], [3]])
    expect([lock.acquire(4, 'shared'), lock.acquire(5, 'exclusive')]).toEqual([false, false])
  })

  it('has new readers wait for a waiting writer: it is not starved', () => {
    const lock = new Lock('l')
    lock.acquire(1, 'shared')
    lock.acquire(2, 'exclusive')
    expect(lock.acquire(3, 'shared')).toBe(false)
    expect(lock.release(1, 'shared')).toEqual([2])
    expect(lock.release(2, 'exclusive')).toEqual([3])
  })

  it('wakes who waits first come, first served; readers that wait together at once', () => {
    const lock = new Lock('l')
    lock.acquire(0, 'exclusive')
    const waiting: [number, How][] = [
      [1, 'shared'],
      [2, 'shared'],
      [3, 'exclusive'],
      [4, 'exclusive'],
      [5, 'shared'],
      [6, 'exclusive'],
    ]
    for (const [task, how] of waiting) expect(lock.acquire(task, how)).toBe(false)
    expect(lock.release(0, 'exclusive')).toEqual([1, 2])
    expect(lock.release(2, 'shared')).toEqual([])
    expect(lock.release(1, 'shared')).toEqual([3])
    expect(lock.release(3, 'exclusive')).toEqual([4])
    expect(lock.release(4, 'exclusive')).toEqual([5])
    expect(lock.release(5, 'shared')).toEqual([6])
    expect(lock.release(6, 'exclusive')).toEqual([])
    expect(lock.isHeld).toBe(false)
  })

  it('is released by its owner, and not taken twice: asserted', () => {
    const lock = new Lock('the lock')
    lock.acquire(1, 'exclusive')
    expect(() => lock.acquire(1, 'exclusive')).toThrow('the lock')
    expect(() => lock.acquire(1, 'shared')).toThrow('the lock')
    expect(() => lock.release(2, 'exclusive')).toThrow('the lock')
    expect(() => lock.release(2, 'shared')).toThrow('the lock')
  })

  it('never has a writer beside anyone else, keeps the order of asking, and in the end serves all', () => {
    const programs = fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 40 })
    fc.assert(
      fc.property(programs, (program) => {
        const lock = new Lock('l')
        const held = new Map<number, How>()
        const asked: number[] = []
        const granted: number[] = []
        const hows: How[] = []
        const grant = (task: number) => {
          held.set(task, hows[task])
          granted.push(task)
          const writers = [...held.values()].filter((how) => how === 'exclusive').length
          expect(writers === 0 || held.size === 1).toBe(true)
        }
        const release = (which: number) => {
          const task = [...held.keys()][which % held.size]
          const how = held.get(task) as How
          held.delete(task)
          for (const woken of lock.release(task, how)) grant(woken)
          if (held.size === 0) expect(granted).toEqual(asked) // a free lock has nobody waiting
        }
        for (const [isWriter, which] of program) {
          const task = hows.push(isWriter ? 'exclusive' : 'shared') - 1
          asked.push(task)
          if (lock.acquire(task, hows[task])) grant(task)
          if (which > 8) release(which)
        }
        while (held.size > 0) release(0)
        expect(granted).toEqual(asked)
        expect(lock.isHeld).toBe(false)
      }),
    )
  })
})
