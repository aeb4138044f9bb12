/** What v10 fails, and the smallest changes after which it does not: each does one thing, and nothing but all four do all. */
import { describe, expect, it } from 'vitest'
import { ASKS_WHEN_MEMORY_IS_BACK, MENDS, mended, policyNamed, V10 } from '../../policy/index.ts'
import { checkKernel } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'

/** Of each change the scenario that needs it, and what fails there without it. */
const NEEDED: Readonly<Record<string, { readonly scenario: string; readonly fails: readonly string[] }>> = {
  'asks at conversions': { scenario: 'conversion-empties-region', fails: ['convergence'] },
  'asks after each init': { scenario: 'legacy-shutdown-and-init', fails: ['convergence'] },
  'cleans up first': { scenario: 'full-shutdown-and-init', fails: ['no fault'] },
  'takes the first online thread': { scenario: 'kexec', fails: ['no fault', 'every core', 'convergence'] },
}

const failures = (driver: typeof V10, name: string) =>
  checkKernel({ scenario: SCENARIOS.find((scenario) => scenario.name === name)!, driver }).flatMap(({ property, verdict }) =>
    verdict === 'holds' ? [] : [property],
  )

describe.each(MENDS)('v10 that $name', ({ name, of }) => {
  const { scenario, fails } = NEEDED[name]

  it(`fails nothing in ${scenario}, where without it fails ${fails.join(', ')}`, () => {
    expect(failures(V10, scenario)).toEqual(fails)
    expect(failures(of(V10), scenario)).toEqual([])
  })

  it('is needed: all the others leave what it mends', () => {
    const others = MENDS.filter((mend) => mend.name !== name)
    expect(failures(mended(V10, others), scenario)).toEqual(fails)
  })
})

it('sets up again where the firmware refuses to shut down, and races with no request meanwhile', () => {
  const [, afterInit, first] = MENDS
  const forgets = { ...mended(V10, [MENDS[0], afterInit, first]), shutdownRefused: undefined }
  const failing = (driver: typeof V10) => failures(driver, 'shutdown-refused')
  expect(failing(forgets)).toContain('convergence')
  expect(['v10-mended', 'marked'].map((name) => failing(policyNamed(name)!))).toEqual([[], []])
})

describe('memory that comes back late', () => {
  it('is optimised where the request is made at conversions, or once more when all is back', () => {
    const inOrder = [V10, ASKS_WHEN_MEMORY_IS_BACK.of(V10), MENDS[0].of(V10)].map((driver) =>
      failures(driver, 'guest-comes-and-goes'),
    )
    expect(inOrder).toEqual([['late memory'], [], []])
  })

  it('is no reason to ask where a running guest empties a region: that wants conversions', () => {
    expect(failures(ASKS_WHEN_MEMORY_IS_BACK.of(V10), 'conversion-empties-region')).toEqual(['convergence'])
  })
})

describe.each(['v10-mended', 'marked'])('%s', (policy) => {
  it.each(Object.values(NEEDED).map(({ scenario }) => scenario))('fails nothing in %s', (scenario) => {
    expect(failures(policyNamed(policy)!, scenario)).toEqual([])
  })
})

it('marked does not deadlock with cpu_down even where hotplug is not disabled, as v10 does', () => {
  const deadlocks = (policy: string) =>
    failures({ ...policyNamed(policy)!, hotplug: 'ignored' }, 'hotplug-around-init').includes('no deadlock')
  expect([deadlocks('v10'), deadlocks('marked')]).toEqual([true, false])
})
