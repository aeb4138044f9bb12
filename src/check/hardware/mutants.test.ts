/** A check that cannot fail is no check: every mutant of the hardware is caught, and by the property that is about it. */
import { describe, expect, it } from 'vitest'
import { modelOf } from '../../testing/hardware.ts'
import { HARDWARE_MUTANTS } from '../../testing/hardware-mutants.ts'
import { breadthFirst } from '../breadth-first.ts'
import type { Verdict } from '../model.ts'
import { HARDWARE_PROPERTIES } from './properties.ts'

const failures = (verdicts: readonly Verdict[]) => verdicts.flatMap(({ property, kind }) => (kind === 'fails' ? [property] : []))

describe('mutants × properties', () => {
  it.each(Object.entries(HARDWARE_MUTANTS))('%s', (_, { scene, mutate, steps, machine = scene.machine, caughtBy }) => {
    expect(failures(breadthFirst(modelOf(scene)).verdicts), 'right hardware').toEqual([])
    const wrong = modelOf({ ...scene, machine }, { steps })
    const mutated = machine()
    mutate?.(mutated)
    const { verdicts, because } = breadthFirst(mutate === undefined ? wrong : modelOf(scene, { machine: mutated, steps }))
    expect(because).toBeUndefined()
    expect(failures(verdicts).sort()).toEqual([...caughtBy].sort())
  })

  it('every property is about some mutant: none is there for nothing', () => {
    const about = new Set(Object.values(HARDWARE_MUTANTS).map(({ caughtBy }) => caughtBy[0]))
    expect([...about].sort()).toEqual(HARDWARE_PROPERTIES.map(({ name }) => name).sort())
  })
})
