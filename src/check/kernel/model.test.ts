/** The kernel model: what it finds of the published driver, and that it finds it however it goes about it. */
import { describe, expect, it } from 'vitest'
import { policyNamed } from '../../policy/index.ts'
import { breadthFirst } from '../breadth-first.ts'
import { KernelModel } from './model.ts'
import { checkKernel, replayKernel } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'

const v10 = policyNamed('v10')!
const scenarioNamed = (name: string) => SCENARIOS.find((scenario) => scenario.name === name)!
const spec = { scenario: scenarioNamed('guest-comes-and-goes'), driver: v10 }

describe('v10 with a guest that comes and goes', () => {
  it('fails in one thing only: memory that comes back after the pass had begun stays un-optimised [L v9]', () => {
    const verdicts = checkKernel(spec)
    expect(verdicts.flatMap(({ property, verdict }) => (verdict === 'holds' ? [] : [`${property}: ${verdict}`]))).toEqual([
      'late memory: fails',
    ])
  })

  it('finds the same again, to the last step, and what it finds can be played', () => {
    const failure = () => checkKernel(spec).find(({ property }) => property === 'late memory')!
    const { trace = [] } = failure()
    expect(failure().trace).toEqual(trace)
    expect(
      replayKernel(
        spec,
        trace.map(({ action }) => action),
      ),
    ).toEqual(trace)
    expect(replayKernel(spec, [5, 5, 5, 5])).toBeUndefined()
  })

  it('says the same with private steps on their own, of more states', () => {
    const kinds = (joinPrivate: boolean) => {
      const { states, verdicts } = breadthFirst(new KernelModel({ ...spec, joinPrivate }))
      return { states, verdicts: verdicts.map(({ property, kind }) => `${property}: ${kind}`) }
    }
    const [joined, apart] = [kinds(true), kinds(false)]
    expect(joined.verdicts).toEqual(apart.verdicts)
    expect(joined.states).toBeLessThan(apart.states)
  })
})
