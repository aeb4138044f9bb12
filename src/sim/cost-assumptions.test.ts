import { describe, expect, it } from 'vitest'
import { COST_ASSUMPTIONS, costAssumptions, costOf, withCost } from './cost-assumptions.ts'
import { COSTS, type Costs } from './costs.ts'

/** Names of all numbers of the costs. */
function names(costs: Costs): string[] {
  return Object.entries(costs).flatMap(([field, cost]) =>
    typeof cost === 'number' ? [field] : Object.keys(cost).map((part) => `${field}.${part}`),
  )
}

const FITTED = ['summaryNs.node', 'summaryNs.socket', 'summaryNs.remote', 'cachedNs', 'cachedContentionNs', 'wakeNs']

describe('every cost', () => {
  it('is either fitted or assumed, and none is both', () => {
    expect([...FITTED, ...COST_ASSUMPTIONS.map(({ name }) => name)].sort()).toEqual(names(COSTS).sort())
  })

  it('that is assumed lies in its range', () => {
    for (const { name, value, low, high } of COST_ASSUMPTIONS) {
      expect(value, name).toBe(costOf(COSTS, name))
      expect(low, name).toBeLessThan(high)
      expect(value, name).toBeGreaterThanOrEqual(low)
      expect(value, name).toBeLessThanOrEqual(high)
    }
  })

  it('is told to people, with its range', () => {
    const told = costAssumptions(COSTS)
    for (const name of ['summaryNs', 'wakeNs', 'ipiPerCpuNs', 'firmwareNs.SNP_INIT_EX'])
      expect(told.map((one) => one.name)).toContain(name)
    expect(told.find(({ name }) => name === 'ipiPerCpuNs')?.why).toMatch(/^30 to 85: /)
  })

  it('can be changed by its name, and no other changes with it', () => {
    for (const name of names(COSTS)) {
      const changed = withCost(COSTS, name, 123.5)
      expect(costOf(changed, name)).toBe(123.5)
      for (const other of names(COSTS)) if (other !== name) expect(costOf(changed, other)).toBe(costOf(COSTS, other))
    }
  })

  it('that does not exist cannot be asked for', () => {
    expect(() => costOf(COSTS, 'ipiNs')).toThrow(/there is a cost ipiNs/)
    expect(() => withCost(COSTS, 'instructionNs.NOP', 1)).toThrow(/there is a cost/)
  })
})
