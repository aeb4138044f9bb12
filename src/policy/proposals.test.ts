import { describe, expect, it } from 'vitest'
import { SECOND } from '../arch/index.ts'
import { kvmConvertToShared, kvmDestroyVm, sevSnpInit, sevSnpShutdown } from '../kernel/index.ts'
import { destroy, isReturning, optimised, passes, RmpoptLog, startWork, twoGuests } from '../testing/drivers.ts'
import { bootSmall, launched, type TestKernel } from '../testing/kernels.ts'
import { composePolicy } from './axes/compose.ts'
import { policyNamed } from './policies.ts'
import { PROPOSALS } from './proposals.ts'

/** A kernel with a proposal that has made its first pass: 8 free regions of 4 pages, two that hold the RMP. */
function proposal(name: string): TestKernel & { log: RmpoptLog } {
  const test = bootSmall({}, { driver: policyNamed(name) })
  test.drive.advance(0)
  return { ...test, log: new RmpoptLog(test.machine) }
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const FREE = ALL.map((region) => (region < 8 ? [0, 1] : []))

describe.each(PROPOSALS)('$name (§7, proposals)', ({ name }) => {
  it('makes its first pass at init, over everything', () => {
    const test = bootSmall({}, { driver: policyNamed(name) })
    const log = new RmpoptLog(test.machine)
    test.drive.advance(0)
    expect([log.takeRegions(), optimised(test), test.told.faults]).toEqual([ALL, FREE, []])
  })

  it('has all that is free optimised again some time after guests have ended', () => {
    const test = proposal(name)
    for (const guest of twoGuests(test)) destroy(test, guest)
    test.drive.advance(100 * SECOND)
    expect([optimised(test), test.told.faults]).toEqual([FREE, []])
  })

  it('stops with a full shutdown, though a pass is under way, and starts over with the next init [L v5]', () => {
    const test = proposal(name)
    const { drive, kernel } = test
    for (const guest of twoGuests(test)) destroy(test, guest)
    drive.call(sevSnpShutdown(kernel, 'full'))
    const { length } = test.told.events
    drive.advance(1000 * SECOND)
    expect([test.told.events.slice(length), test.told.faults]).toEqual([[], []])
    drive.call(sevSnpInit(kernel))
    drive.advance(drive.nowNs)
    expect([optimised(test), test.told.faults]).toEqual([FREE, []])
  })
})

describe.each([
  ['conversion-1s', 1],
  ['conversion-10s', 10],
] as const)('%s', (name, delayS) => {
  it('makes a pass over all memory that long after the last conversion, each of which restarts the timer', () => {
    const test = proposal(name)
    const [guest] = twoGuests(test)
    for (const [i, part] of [0, 0.6, 1.2].entries()) {
      test.drive.advance(part * delayS * SECOND)
      test.drive.call(kvmConvertToShared(test.kernel, guest, 7 - i))
    }
    test.drive.advance(2.2 * delayS * SECOND - 1)
    expect(passes(test)).toBe(1)
    test.drive.advance(2.2 * delayS * SECOND)
    expect([passes(test), test.log.takeRegions()]).toEqual([2, ALL])
  })

  it('does not miss memory that comes back late', () => {
    const test = proposal(name)
    const [guest] = twoGuests(test)
    const teardown = test.drive.spawn(kvmDestroyVm(test.kernel, guest))
    test.drive.until(teardown, isReturning)
    teardown.state = 'waiting' // for its CPU
    test.drive.advance(100 * SECOND)
    expect(optimised(test)[0]).toEqual([])
    teardown.state = 'ready'
    test.drive.advance(200 * SECOND)
    expect([optimised(test)[0], optimised(test)[1]]).toEqual([
      [0, 1],
      [0, 1],
    ])
  })

  it('asks for nothing when no page could be made shared', () => {
    const test = proposal(name)
    const [guest] = twoGuests(test)
    const { length } = test.told.events
    test.drive.instead = (action) => (action.name === 'RMPUPDATE' ? { kind: 'done', eax: 2 } : undefined)
    expect(test.drive.call(kvmConvertToShared(test.kernel, guest, 7))).toBe(false)
    expect(test.told.events.slice(length)).toEqual([])
  })

  it('asks for nothing when no page of a guest that ends could be made shared', () => {
    const test = proposal(name)
    const guest = launched(test, { pages: 2, imagePages: 2 })
    test.drive.instead = (action) => (action.name === 'RMPUPDATE' && action.rax < 8192 ? { kind: 'done', eax: 2 } : undefined)
    const teardown = test.drive.spawn(kvmDestroyVm(test.kernel, guest))
    test.drive.until(teardown, isReturning)
    const { length } = test.told.events
    test.drive.until(teardown, () => false)
    expect(test.told.events.slice(length)).not.toContain('pass requested')
  })
})

describe('periodic-60s', () => {
  it('makes a pass over all memory every minute, whatever happens', () => {
    const test = proposal('periodic-60s')
    for (const guest of twoGuests(test)) destroy(test, guest)
    test.drive.advance(60 * SECOND - 1)
    expect(passes(test)).toBe(1)
    test.drive.advance(60 * SECOND)
    expect([passes(test), test.log.takeRegions()]).toEqual([2, ALL])
    test.drive.advance(600 * SECOND)
    expect(passes(test)).toBe(11)
  })

  it('ends with a full shutdown that waits for a pass under way', () => {
    const test = proposal('periodic-60s')
    const { drive, kernel } = test
    const pass = startWork(test)
    drive.until(pass, (op) => op.op === 'on-each-cpu')
    const shutdown = drive.spawn(sevSnpShutdown(kernel, 'full'))
    while (shutdown.state === 'ready') drive.step(shutdown)
    expect(shutdown.next?.op).toBe('cancel-work-sync')
    drive.run()
    expect([shutdown.result, kernel.rmpopt.work.isPending]).toEqual([true, false])
  })
})

describe('any policy of passes at init only', () => {
  it('makes one, and none later', () => {
    const driver = composePolicy({ ...PROPOSALS[0], when: { at: 'init' } })
    const test = bootSmall({}, { driver })
    test.drive.advance(0)
    for (const guest of twoGuests(test)) destroy(test, guest)
    test.drive.advance(10_000 * SECOND)
    expect([passes(test), optimised(test).slice(0, 5)]).toEqual([1, [[], [], [], [], [0, 1]]])
  })
})
