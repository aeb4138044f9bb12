import { describe, expect, it } from 'vitest'
import { GIB, MIB, SECOND } from '../arch/index.ts'
import { destroy, idle, machineOf, passes, ramOf } from '../testing/drivers.ts'
import { launched } from '../testing/kernels.ts'
import { tinyMachine } from '../testing/machines.ts'
import { composePolicy } from './axes/compose.ts'
import { type PolicySpec, WHOS } from './axes/spec.ts'
import { POLICIES, policyNamed, policyOf } from './policies.ts'

const spec = (over: Partial<PolicySpec>): PolicySpec => ({
  name: 'x',
  summary: 'x',
  when: { at: 'teardown', delayS: 10, after: 'last' },
  what: 'all',
  who: WHOS['leader-followers'],
  base: 'lowest',
  ...over,
})

describe('the policies', () => {
  it('are the ten revisions in order, the proposals, the bounds, each by one name', () => {
    const names = POLICIES.map(({ name }) => name)
    expect(names.slice(0, 10)).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9', 'v10'])
    expect(names.slice(-2)).toEqual(['none', 'ideal'])
    expect(new Set(names).size).toBe(names.length)
    for (const policy of POLICIES) expect(policyNamed(policy.name)).toBe(policy)
  })

  it('are found by name or made from a point of the space; a name that is none is an error', () => {
    expect(policyOf('v7')).toBe(policyNamed('v7'))
    expect(policyOf(spec({ name: 'mine' })).name).toBe('mine')
    expect(policyNamed('v11')).toBeUndefined()
    expect(() => policyOf('v11')).toThrow('v11')
  })

  it('say in words when, what and who, and differ in their summaries', () => {
    for (const { when, what, who, summary } of POLICIES)
      for (const words of [when, what, who, summary]) expect(words).not.toBe('')
    expect(new Set(POLICIES.map(({ summary }) => summary)).size).toBe(POLICIES.length)
  })
})

describe('the bounds', () => {
  it.each(['none', 'ideal'])('execute no RMPOPT: %s', (name) => {
    const test = idle(policyOf(name))
    destroy(test, launched(test))
    test.drive.advance(1000 * SECOND)
    expect([passes(test), test.machine.tables.bases.some(({ enabled }) => enabled)]).toEqual([0, false])
    expect([policyOf(name).keptBytes(test.machine), policyOf(name).isOracle === true]).toEqual([0, name === 'ideal'])
  })

  it('never is like none: no pass at init either', () => {
    const test = idle(policyOf(spec({ when: { at: 'never' } })))
    destroy(test, launched(test))
    test.drive.advance(1000 * SECOND)
    expect([passes(test), test.machine.tables.bases.some(({ enabled }) => enabled)]).toEqual([0, false])
  })
})

describe('memory that the kernel keeps', () => {
  const machine = tinyMachine()
  const kept = (name: string) => policyOf(name).keptBytes(machine)
  const keptBy = (over: Partial<PolicySpec>, on = machine) => composePolicy(spec(over)).keptBytes(on)

  it('is a kernel thread with its stack for v1 and v2, v1 with a mask besides', () => {
    expect(kept('v2')).toBeGreaterThan(16 * 1024)
    expect(kept('v1') - kept('v2')).toBe(8192 / 8)
  })

  it('is far less for a work item; the mutex of v5 costs some bytes; later revisions keep as much as v5', () => {
    expect(kept('v3')).toBeLessThan(kept('v2') / 4)
    expect([kept('v4'), kept('v5') > kept('v3'), kept('v5') - kept('v3') < 100]).toEqual([kept('v3'), true, true])
    expect(new Set(['v5', 'v6', 'v7', 'v8', 'v9', 'v10'].map(kept)).size).toBe(1)
  })

  it('is the same for v10 and the same point of the space', () => {
    expect(keptBy({})).toBe(kept('v10'))
  })

  it('is a bit a region more for a bitmap: 256 bytes for the 2048 regions of a table', () => {
    for (const what of ['dirty', 'guest'] as const) expect(keptBy({ what }) - keptBy({})).toBe(256)
    expect(kept('bitmap') - kept('conversion-10s')).toBe(256)
  })

  it('is room for a count of 262144 pages a region more for a refcount', () => {
    const bits = ((keptBy({ what: 'emptied' }) - keptBy({ what: 'dirty' })) * 8) / 2048
    expect(2 ** bits).toBeGreaterThan(262144)
    expect([16, 32]).toContain(bits - (bits % 8))
  })

  it('has no work item for what is done at once in free_folio', () => {
    const when = { at: 'freed-folio' } as const
    expect(keptBy({ when, what: 'dirty' })).toBeLessThan(keptBy({ what: 'dirty' }))
  })

  it('grows with what a table reaches and shrinks with larger regions', () => {
    const with_ = (options: object) => machineOf({}, ramOf([0, 0, 4]), undefined, options)
    const bitmap = (on: typeof machine) => keptBy({ what: 'dirty' }, on) - keptBy({}, on)
    expect(bitmap(with_({ tableReachBytes: 4096 * GIB }))).toBe(512)
    expect(bitmap(with_({ regionBytes: 2 * GIB }))).toBe(128)
    expect(bitmap(with_({ regionBytes: 512 * MIB }))).toBe(512)
  })

  it.each(['socket', 'node'] as const)('is a bit for each region of memory where tables begin per %s', (base) => {
    const large = machineOf({ sockets: 2 }, ramOf([0, 0, 2048], [1, 2048, 4096]))
    expect(keptBy({ base, what: 'dirty' }, large) - keptBy({ base }, large)).toBe(512)
  })
})
