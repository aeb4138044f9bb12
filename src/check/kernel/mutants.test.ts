/** A check that cannot fail is no check: every mutant of kernel and driver is caught, and by the property that is about it. */
import { describe, expect, it } from 'vitest'
import type { RmpoptDriver } from '../../kernel/index.ts'
import { policyNamed } from '../../policy/index.ts'
import { KERNEL_MUTANTS } from '../../testing/kernel-mutants.ts'
import { checkKernel, KERNEL_QUESTIONS, type KernelVerdict } from './run.ts'

const V10 = policyNamed('v10') as RmpoptDriver
const failures = (verdicts: readonly KernelVerdict[]) =>
  verdicts.flatMap(({ property, verdict }) => (verdict === 'fails' ? [property] : []))

describe('mutants × properties', () => {
  it.each(Object.entries(KERNEL_MUTANTS))(
    '%s',
    (_, { scenario, right = V10, wrong = right, mutate, instructions = 'whole' as const, caughtBy }) => {
      const known = failures(checkKernel({ scenario, driver: right, instructions }))
      const verdicts = checkKernel({ scenario, driver: wrong, mutate, instructions }, { statesMax: 30_000 })
      const caught = failures(verdicts).filter((property) => !known.includes(property))
      expect(caught.sort()).toEqual([...caughtBy].sort())
    },
  )

  it('every property is about some mutant: none is there for nothing', () => {
    const about = new Set(Object.values(KERNEL_MUTANTS).map(({ caughtBy }) => caughtBy[0]))
    expect([...about].sort()).toEqual(KERNEL_QUESTIONS.map(({ name }) => name).sort())
  })
})
