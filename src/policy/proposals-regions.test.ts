/** What was proposed in review that does not scan all memory for every core: regions picked, or cores. */
import { describe, expect, it } from 'vitest'
import { SECOND } from '../arch/index.ts'
import { kvmConvertToShared, kvmDestroyVm } from '../kernel/index.ts'
import { destroy, isReturning, optimised, passes, RmpoptLog, startWork, twoGuests } from '../testing/drivers.ts'
import { bootSmall, launched, type TestKernel, type TestKernelSpec } from '../testing/kernels.ts'
import { policyNamed } from './policies.ts'

/** A kernel with a proposal that has made its first pass: 8 free regions of 4 pages, two that hold the RMP. */
function proposal(name: string, spec: TestKernelSpec = {}): TestKernel & { log: RmpoptLog } {
  const test = bootSmall({}, { driver: policyNamed(name), ...spec })
  test.drive.advance(0)
  return { ...test, log: new RmpoptLog(test.machine) }
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const FREE = ALL.map((region) => (region < 8 ? [0, 1] : []))

describe('bitmap', () => {
  it('scans the regions in which a page was made shared, 10 s after the last conversion, and no others', () => {
    const test = proposal('bitmap')
    const [guest, other] = twoGuests(test)
    test.drive.call(kvmConvertToShared(test.kernel, guest, 5)) // of region 1
    test.drive.advance(6 * SECOND)
    test.drive.call(kvmConvertToShared(test.kernel, other, 3)) // of region 3
    test.drive.advance(16 * SECOND - 1)
    expect(test.log.takeRegions()).toEqual([])
    test.drive.advance(16 * SECOND)
    expect([test.log.takeRegions(), passes(test)]).toEqual([[1, 3], 2])
  })

  it('scans them once', () => {
    const test = proposal('bitmap')
    const [guest, other] = twoGuests(test)
    destroy(test, guest)
    test.drive.advance(10 * SECOND)
    expect(test.log.takeRegions()).toEqual([0, 1, 2])
    test.drive.call(kvmConvertToShared(test.kernel, other, 3))
    test.drive.advance(20 * SECOND)
    expect(test.log.takeRegions()).toEqual([3])
  })

  it('keeps a mark made while a pass runs for the next one', () => {
    const test = proposal('bitmap')
    const [guest] = twoGuests(test)
    test.drive.call(kvmConvertToShared(test.kernel, guest, 5))
    const pass = startWork(test)
    test.drive.until(pass, (op) => op.op === 'on-each-cpu')
    test.drive.call(kvmConvertToShared(test.kernel, guest, 4))
    test.drive.until(pass, () => false)
    expect(test.log.takeRegions()).toEqual([1])
    test.drive.advance(10 * SECOND)
    expect(test.log.takeRegions()).toEqual([1])
  })

  it('marks nothing beyond what a table reaches', () => {
    const test = bootSmall({ reachBytes: 3 * 16384 }, { driver: policyNamed('bitmap') })
    test.drive.advance(0)
    const log = new RmpoptLog(test.machine)
    for (const guest of twoGuests(test)) destroy(test, guest)
    test.drive.advance(100 * SECOND)
    expect(log.takeRegions()).toEqual([0, 1, 2])
  })

  it('makes no pass for a conversion beyond that', () => {
    const test = bootSmall({ reachBytes: 3 * 16384 }, { driver: policyNamed('bitmap') })
    test.drive.advance(0)
    const [, other] = twoGuests(test)
    test.drive.call(kvmConvertToShared(test.kernel, other, 3)) // of region 3
    test.drive.advance(100 * SECOND)
    expect(passes(test)).toBe(1)
  })
})

describe('free-folio', () => {
  it('executes RMPOPT of the region on one thread of each core as each folio comes back: only the last of a region succeeds', () => {
    const test = proposal('free-folio')
    const [guest] = twoGuests(test)
    const teardown = test.drive.spawn(kvmDestroyVm(test.kernel, guest))
    test.drive.until(teardown, isReturning)
    test.log.take()
    const { length } = test.told.events
    test.drive.until(teardown, () => false)
    const both = (region: number) => [
      [0, region],
      [1, region],
    ]
    expect(test.log.take()).toEqual([...both(0), ...both(0), ...both(1), ...both(1)])
    expect(test.told.events.slice(length).filter((event) => event === 'pass ends')).toHaveLength(4)
    expect(optimised(test).slice(0, 2)).toEqual([
      [0, 1],
      [0, 1],
    ])
  })

  it('executes it for every folio where these are 4K pages', () => {
    const test = proposal('free-folio', { backing: '4k' })
    const [guest] = twoGuests(test)
    const teardown = test.drive.spawn(kvmDestroyVm(test.kernel, guest))
    test.drive.until(teardown, isReturning)
    test.log.take()
    test.drive.until(teardown, () => false)
    expect(test.log.take()).toHaveLength(2 * 8)
  })

  it('leaves nothing for later: no timer is set', () => {
    const test = proposal('free-folio')
    for (const guest of twoGuests(test)) destroy(test, guest)
    expect(test.kernel.rmpopt.work.isPending).toBe(false)
    expect(optimised(test)).toEqual(FREE)
  })
})

describe('successes', () => {
  it('is as v10, 10 s after the last guest, with followers only where the leader succeeded', () => {
    const test = proposal('successes')
    const [guest, other] = twoGuests(test)
    destroy(test, guest)
    test.drive.advance(6 * SECOND)
    destroy(test, other)
    const third = launched(test, { id: 2, pages: 4 })
    const regions = new Set([...third.memory.map(({ pfn }) => pfn >> 2), third.context >> 2, third.vmsas[0] >> 2, 8, 9])
    test.drive.advance(16 * SECOND - 1)
    expect(test.log.take()).toEqual([])
    test.drive.advance(16 * SECOND)
    const executed = test.log.take()
    expect(executed.slice(0, 10)).toEqual(ALL.map((region) => [0, region]))
    expect(executed.slice(10)).toEqual(ALL.filter((region) => !regions.has(region)).map((region) => [1, region]))
  })
})

describe('guest-regions', () => {
  it('scans the regions of the guests that ended, their contexts and VMSAs too, 10 s after the last', () => {
    const test = proposal('guest-regions')
    const [guest, other] = twoGuests(test)
    destroy(test, guest)
    test.drive.advance(10 * SECOND)
    expect(test.log.takeRegions()).toEqual([0, 1, 2])
    const third = launched(test, { id: 2, pages: 4 })
    destroy(test, other)
    test.drive.advance(16 * SECOND)
    destroy(test, third)
    test.drive.advance(26 * SECOND - 1)
    expect(test.log.takeRegions()).toEqual([])
    test.drive.advance(26 * SECOND)
    expect(test.log.takeRegions()).toEqual([0, 1, 2, 3])
  })
})

describe('refcount', () => {
  it('scans the regions whose last assigned page went, 1 s after the first did', () => {
    const test = proposal('refcount')
    const [guest, other] = twoGuests(test)
    test.drive.call(kvmConvertToShared(test.kernel, guest, 5))
    test.drive.advance(100 * SECOND)
    expect([test.log.takeRegions(), test.kernel.rmpopt.work.isPending]).toEqual([[], false])
    destroy(test, guest)
    test.drive.advance(100.5 * SECOND)
    destroy(test, other)
    test.drive.advance(101 * SECOND - 1)
    expect(test.log.takeRegions()).toEqual([])
    test.drive.advance(101 * SECOND)
    expect(test.log.takeRegions()).toEqual([0, 1, 2, 3])
    test.drive.advance(1000 * SECOND)
    expect(test.log.takeRegions()).toEqual([])
  })

  it('leaves alone a region that another guest still has a page in', () => {
    const test = proposal('refcount')
    const [guest] = twoGuests(test)
    destroy(test, guest)
    test.drive.advance(100 * SECOND)
    expect([test.log.takeRegions(), optimised(test)[2]]).toEqual([[0, 1], []])
  })
})
