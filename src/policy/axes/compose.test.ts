/** Points of the space at random, under guests in random interleavings. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SECOND } from '../../arch/index.ts'
import { kvmConvertToShared, kvmDestroyVm, kvmGmemPopulate, type Routine } from '../../kernel/index.ts'
import { optimised } from '../../testing/drivers.ts'
import { bootSmall, launch, type TestKernel } from '../../testing/kernels.ts'
import { composePolicy } from './compose.ts'
import { type PolicySpec, policyProblem, WHATS, type When, type Who } from './spec.ts'

const delays = { delayS: fc.constantFrom(1, 10), after: fc.constantFrom('first' as const, 'last' as const) }
const when: fc.Arbitrary<When> = fc.oneof(
  fc.constant({ at: 'init' as const }),
  fc.record({ at: fc.constant('teardown' as const), ...delays }),
  fc.record({ at: fc.constant('conversion' as const), ...delays }),
  fc.constant({ at: 'freed-folio' as const }),
  fc.constant({ at: 'periodic' as const, everyS: 60 }),
)
const who: fc.Arbitrary<Who> = fc.record({
  leads: fc.boolean(),
  follow: fc.constantFrom('all', 'successes', 'none'),
  threads: fc.constantFrom('primary', 'all'),
  reach: fc.constantFrom('broadcast', 'groups', 'idle-first', 'idle-only'),
  groupCores: fc.constantFrom(0, 1, 2),
  batch: fc.constant(1),
})
const specs: fc.Arbitrary<PolicySpec> = fc
  .record({
    name: fc.constant('x'),
    summary: fc.constant('x'),
    when,
    what: fc.constantFrom(...WHATS),
    who,
    base: fc.constant('lowest' as const),
  })
  .filter((spec) => policyProblem(spec) === undefined)

const FREE_REGIONS = 8

function* life(test: TestKernel, id: number): Routine<string> {
  const guest = yield* launch(test, { id, pages: 6, imagePages: 1 + id, vcpus: 1 })
  if ('failed' in guest) return guest.failed
  yield* kvmGmemPopulate(test.kernel, guest, 6)
  yield* kvmConvertToShared(test.kernel, guest, 4)
  yield* kvmDestroyVm(test.kernel, guest)
  return 'lived'
}

/** Two guests that come and go in this schedule, then a long time. */
function lives(spec: PolicySpec, schedule: readonly number[]): TestKernel {
  const test = bootSmall({ cores: 3, threadsPerCore: 2, freeRegions: FREE_REGIONS }, { driver: composePolicy(spec) })
  const { drive, machine, told } = test
  drive.workerCpu = 4
  drive.advance(0)
  const threads = [0, 1].map((id) => drive.spawn(life(test, id), id))
  let at = 0
  drive.run((ready) => {
    const wrong = [...machine.rmp.assignedPages.keys()].filter(
      (region) => machine.rmp.assignedPages[region] > 0 && machine.optimisedOn(region).size > 0,
    )
    expect(wrong).toEqual([])
    return ready[schedule[at++ % schedule.length] % ready.length]
  })
  expect(threads.map(({ result }) => result)).toEqual(['lived', 'lived'])
  drive.advance(200 * SECOND)
  expect(told.faults).toEqual([])
  return test
}

const schedules = fc.array(fc.nat(5), { minLength: 20, maxLength: 100 })

describe('a policy without a problem', () => {
  it('never leaves a region optimised that holds an assigned page (§6.9), faults nowhere, and its passes end', () => {
    fc.assert(
      fc.property(specs, schedules, (spec, schedule) => {
        const { told } = lives(spec, schedule)
        const begun = told.events.filter((event) => event.startsWith('pass begins')).length
        expect(told.events.filter((event) => event === 'pass ends')).toHaveLength(begun)
      }),
      { numRuns: 150 },
    )
  })

  it('that reacts to conversions, or comes back every minute, has all free regions optimised in the end, on all cores it asks', () => {
    const reacts = specs.filter(
      ({ when, what }) => when.at === 'conversion' || when.at === 'freed-folio' || (when.at === 'periodic' && what !== 'guest'),
    )
    fc.assert(
      fc.property(reacts, schedules, (spec, schedule) => {
        const test = lives(spec, schedule)
        const cores = spec.who.follow === 'none' ? 1 : 3
        for (const region of optimised(test).slice(0, FREE_REGIONS)) expect(region.length).toBeGreaterThanOrEqual(cores)
      }),
      { numRuns: 100 },
    )
  })
})
