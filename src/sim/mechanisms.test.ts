/**
 * The kernel mechanisms of §7, through the clock and through the simplest driver there is (`src/testing/drive.ts`), which was
 * written from the reference alone: both must say the same.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CpuId, type Ns, SECOND } from '../arch/index.ts'
import {
  type Backing,
  cpuDown,
  cpuUp,
  DelayedWork,
  type Guest,
  holding,
  kvmConvertToShared,
  kvmDestroyVm,
  kvmGmemPopulate,
  Lock,
  type Routine,
  sevSnpInit,
  sevSnpShutdown,
  sleepUntil,
  snpRmpoptAllPhysmem,
} from '../kernel/index.ts'
import { members } from '../machine/index.ts'
import { Drive } from '../testing/drive.ts'
import { launch, type TestKernel, testKernel } from '../testing/kernels.ts'
import { smallMachine } from '../testing/machines.ts'
import { Clock } from './clock.ts'
import { COSTS } from './costs.ts'

/** What both drivers can do. */
interface Driver {
  nowNs(): Ns
  spawn(routine: Routine<unknown>, cpu?: CpuId): void
  run(untilNs: Ns): void
}

function clockDriver(): Driver {
  const { kernel } = testKernel(smallMachine({ cores: 4 }))
  const clock = new Clock(kernel, { costs: COSTS })
  return {
    nowNs: () => clock.nowNs,
    spawn: (routine, cpu) => clock.spawn(routine, cpu),
    run: (untilNs) => clock.run(untilNs),
  }
}

function instantDriver(): Driver {
  const drive = new Drive(testKernel(smallMachine({ cores: 4 })).kernel)
  return {
    nowNs: () => drive.nowNs,
    spawn: (routine, cpu) => drive.spawn(routine, cpu),
    run: (untilNs) => drive.advance(untilNs),
  }
}

const DRIVERS = [
  ['the clock', clockDriver],
  ['the instant driver', instantDriver],
] as const

/** A work item that takes `lastsNs`, and writes down when it began and ended. */
function workOf(driver: Driver, lastsNs: Ns) {
  const log: string[] = []
  const work = new DelayedWork('work', function* () {
    log.push(`begins ${driver.nowNs()}`)
    yield* sleepUntil(driver.nowNs() + lastsNs)
    log.push(`ends ${driver.nowNs()}`)
  })
  return { work, log }
}

type Call =
  | { readonly atNs: Ns; readonly what: 'queue' | 'mod'; readonly delayNs: Ns }
  | { readonly atNs: Ns; readonly what: 'cancel' }

/** A thread that makes one call at its time. */
function* calling(work: DelayedWork, call: Call, log: string[], now: () => Ns): Routine<void> {
  yield* sleepUntil(call.atNs)
  if (call.what === 'cancel') {
    yield { op: 'cancel-work-sync', work }
    log.push(`cancelled ${now()}`)
  } else yield { op: 'delay-work', work, delayNs: call.delayNs, ifPending: call.what === 'queue' ? 'keep' : 'restart' }
}

function play(make: () => Driver, lastsNs: Ns, calls: readonly Call[]): string[] {
  const driver = make()
  const { work, log } = workOf(driver, lastsNs)
  for (const call of calls) driver.spawn(calling(work, call, log, driver.nowNs))
  driver.run(1e9)
  return log
}

const queue = (atNs: Ns, delayNs: Ns): Call => ({ atNs, what: 'queue', delayNs })
const mod = (atNs: Ns, delayNs: Ns): Call => ({ atNs, what: 'mod', delayNs })
const cancel = (atNs: Ns): Call => ({ atNs, what: 'cancel' })

describe.each(DRIVERS)('a work item, driven by %s (§7) [K]', (_, make) => {
  const plays = (lastsNs: Ns, ...calls: Call[]) => play(make, lastsNs, calls)

  it('runs when its timer fires', () => {
    expect(plays(5, queue(10, 100))).toEqual(['begins 110', 'ends 115'])
    expect(plays(5, queue(10, 0))).toEqual(['begins 10', 'ends 15'])
  })

  it('that is pending is not touched by queue_delayed_work', () => {
    expect(plays(5, queue(0, 100), queue(50, 10), queue(60, 1000))).toEqual(['begins 100', 'ends 105'])
  })

  it('is armed anew by mod_delayed_work, earlier or later', () => {
    expect(plays(5, queue(0, 100), mod(50, 10))).toEqual(['begins 60', 'ends 65'])
    expect(plays(5, queue(0, 100), mod(50, 100), mod(149, 100))).toEqual(['begins 249', 'ends 254'])
    expect(plays(5, mod(0, 100))).toEqual(['begins 100', 'ends 105'])
  })

  it('that is queued again while it runs runs again, never concurrently with itself', () => {
    expect(plays(100, queue(0, 0), queue(10, 20))).toEqual(['begins 0', 'ends 100', 'begins 100', 'ends 200'])
    expect(plays(100, queue(0, 0), queue(10, 200))).toEqual(['begins 0', 'ends 100', 'begins 210', 'ends 310'])
    expect(plays(100, queue(0, 0), mod(10, 20))).toEqual(['begins 0', 'ends 100', 'begins 100', 'ends 200'])
  })

  it('that waits for a worker is pending, too: queue_delayed_work does nothing, mod_delayed_work re-arms', () => {
    expect(plays(100, queue(0, 0), queue(10, 20), queue(50, 500))).toEqual(['begins 0', 'ends 100', 'begins 100', 'ends 200'])
    expect(plays(100, queue(0, 0), queue(10, 20), mod(50, 500))).toEqual(['begins 0', 'ends 100', 'begins 550', 'ends 650'])
  })

  it('runs once more, however often it was queued while it ran', () => {
    const again = [1, 2, 3, 4].map((atNs) => queue(atNs, 0))
    expect(plays(100, queue(0, 0), ...again)).toEqual(['begins 0', 'ends 100', 'begins 100', 'ends 200'])
  })

  it('that is cancelled before its timer fires does not run', () => {
    expect(plays(5, queue(0, 100), cancel(99))).toEqual(['cancelled 99'])
  })

  it('that is cancelled and queued again runs when the second timer fires, not when the first would have', () => {
    expect(plays(5, queue(0, 100), cancel(50), queue(60, 100))).toEqual(['cancelled 50', 'begins 160', 'ends 165'])
    expect(plays(5, queue(0, 100), cancel(50), queue(60, 40))).toEqual(['cancelled 50', 'begins 100', 'ends 105'])
  })

  it('is waited for by cancel_delayed_work_sync when it runs, by any number of callers', () => {
    expect(plays(100, queue(0, 0), cancel(10), cancel(20)).sort()).toEqual([
      'begins 0',
      'cancelled 100',
      'cancelled 100',
      'ends 100',
    ])
  })

  it('that is queued again while it runs and then cancelled ends, and does not run again', () => {
    expect(plays(100, queue(0, 0), queue(10, 20), cancel(50))).toEqual(['begins 0', 'ends 100', 'cancelled 100'])
    expect(plays(100, queue(0, 0), queue(10, 200), cancel(50))).toEqual(['begins 0', 'ends 100', 'cancelled 100'])
  })

  it('may queue itself', () => {
    const driver = make()
    const log: Ns[] = []
    const work: DelayedWork = new DelayedWork('periodic', function* () {
      log.push(driver.nowNs())
      if (log.length < 3) yield { op: 'delay-work', work, delayNs: 50, ifPending: 'keep' }
    })
    driver.spawn(calling(work, queue(7, 0), [], driver.nowNs))
    driver.run(1000)
    expect(log).toEqual([7, 57, 107])
  })
})

/** The sentences of §7, second by second as it were, and that nothing can be queued while a cancel waits: mainline's `__cancel_work_sync` [K]. */
function expected(lastsNs: Ns, calls: readonly Call[]): string[] {
  const log: string[] = []
  let dueNs: Ns | undefined
  let isQueued = false
  let endsNs: Ns | undefined
  let cancelling = 0
  const left = [...calls]
  for (;;) {
    const atNs = Math.min(left[0]?.atNs ?? Infinity, dueNs ?? Infinity, endsNs ?? Infinity)
    if (atNs === Infinity) return log
    if (atNs === endsNs) {
      log.push(`ends ${atNs}`)
      endsNs = undefined
      for (; cancelling > 0; cancelling--) log.push(`cancelled ${atNs}`)
    } else if (atNs === dueNs) {
      dueNs = undefined
      isQueued = true
    } else {
      const call = left.shift() as Call
      if (call.what === 'cancel') {
        isQueued = false
        dueNs = undefined
        if (endsNs === undefined) log.push(`cancelled ${atNs}`)
        else cancelling++
      } else if (cancelling === 0 && (call.what === 'mod' || !(isQueued || dueNs !== undefined))) {
        isQueued = false
        dueNs = atNs + call.delayNs
      }
    }
    if (isQueued && endsNs === undefined) {
      isQueued = false
      endsNs = atNs + lastsNs
      log.push(`begins ${atNs}`)
    }
  }
}

describe('a work item under any calls (§7) [K]', () => {
  // Times are such that no two things fall together: what comes first then nobody says.
  const callsOf = fc
    .array(
      fc.record({ gap: fc.integer({ min: 1, max: 9 }), what: fc.constantFrom('queue', 'mod', 'cancel'), delay: fc.nat(20) }),
      {
        maxLength: 30,
      },
    )
    .map((list) => {
      let atNs = 0
      return list.map(({ gap, what, delay }, i): Call => {
        atNs += 1000 * gap
        return what === 'cancel' ? { atNs, what } : { atNs, what: what as 'queue' | 'mod', delayNs: 1000 * delay + 7 * (i + 1) }
      })
    })

  it.each(DRIVERS)('does what the sentences of the reference say, driven by %s', (_, make) => {
    fc.assert(
      fc.property(callsOf, fc.nat(12), (calls, lasts) => {
        const lastsNs = 1000 * lasts + 500
        expect(play(make, lastsNs, calls)).toEqual(expected(lastsNs, calls))
      }),
    )
  })
})

describe.each(DRIVERS)('a lock, driven by %s (§7) [K]', (_, make) => {
  /** Tasks that ask at their time for the lock and keep it for a while. @returns when each had it */
  function had(...tasks: { atNs: Ns; keepsNs: Ns; how: 'exclusive' | 'shared' }[]): string[] {
    const driver = make()
    const lock = new Lock('lock')
    const log: string[] = []
    tasks.forEach(({ atNs, keepsNs, how }, i) => {
      function* keep(): Routine<void> {
        const since = driver.nowNs()
        yield* sleepUntil(since + keepsNs)
        log.push(`${i}: ${since} to ${driver.nowNs()}`)
      }
      driver.spawn(
        (function* () {
          yield* sleepUntil(atNs)
          yield* holding(lock, how, keep())
        })(),
      )
    })
    driver.run(1e6)
    expect(lock.isHeld).toBe(false)
    return log
  }

  it('wakes who waits when it is released, in the order of asking', () => {
    expect(
      had(
        { atNs: 0, keepsNs: 100, how: 'exclusive' },
        { atNs: 20, keepsNs: 100, how: 'exclusive' },
        { atNs: 10, keepsNs: 100, how: 'exclusive' },
      ),
    ).toEqual(['0: 0 to 100', '2: 100 to 200', '1: 200 to 300'])
  })

  it('lets readers in together, but not past a writer that waits', () => {
    expect(
      had(
        { atNs: 0, keepsNs: 100, how: 'shared' },
        { atNs: 10, keepsNs: 50, how: 'shared' },
        { atNs: 20, keepsNs: 100, how: 'exclusive' },
        { atNs: 30, keepsNs: 10, how: 'shared' },
        { atNs: 40, keepsNs: 20, how: 'shared' },
      ),
    ).toEqual(['1: 10 to 60', '0: 0 to 100', '2: 100 to 200', '3: 200 to 210', '4: 200 to 220'])
  })
})

/** A call of the kernel, as a test may make it. */
type KernelCall =
  | { readonly call: 'launch'; readonly pages: number; readonly imagePages: number; readonly vcpus: number }
  | { readonly call: 'populate'; readonly share: number }
  | { readonly call: 'convert'; readonly page: number }
  | { readonly call: 'destroy' | 'request' | 'init' | 'full' | 'legacy' | 'CPU 3 down' | 'CPU 3 up' }

/** Makes one call after the other, 100 s apart, so that what each leads to is over when the next comes. @returns their answers */
function* programme(test: TestKernel, calls: readonly KernelCall[]): Routine<unknown[]> {
  const { kernel } = test
  const guests: Guest[] = []
  const answers: unknown[] = []
  for (const [i, what] of calls.entries()) {
    yield* sleepUntil((i + 1) * 100 * SECOND)
    answers.push(yield* make(what))
  }
  return answers

  function* make(what: KernelCall): Routine<unknown> {
    const guest = guests.at(-1)
    switch (what.call) {
      case 'launch': {
        const result = yield* launch(test, { ...what, id: guests.length })
        if ('failed' in result) return result.failed
        guests.push(result)
        return result.asid
      }
      case 'populate':
        return guest && (yield* kvmGmemPopulate(kernel, guest, Math.floor(guest.pages * what.share)))
      case 'convert':
        return guest && what.page < guest.populated && (yield* kvmConvertToShared(kernel, guest, what.page))
      case 'destroy':
        guests.pop()
        return guest && (yield* kvmDestroyVm(kernel, guest))
      case 'request':
        return yield* snpRmpoptAllPhysmem(kernel)
      case 'init':
        return yield* sevSnpInit(kernel)
      case 'full':
      case 'legacy':
        return yield* sevSnpShutdown(kernel, what.call)
      case 'CPU 3 down':
        return yield* cpuDown(kernel, 3)
      case 'CPU 3 up':
        return yield* cpuUp(kernel, 3)
    }
  }
}

/** All that a programme leaves behind. */
function outcome(
  calls: readonly KernelCall[],
  backing: Backing,
  run: (test: TestKernel, routine: Routine<void>, endNs: Ns) => void,
) {
  const test = testKernel(smallMachine({ cores: 2, threadsPerCore: 2, freeRegions: 12, asidMax: 3 }), { backing })
  const { kernel, machine, told } = test
  Object.assign(kernel, { hostSnp: true, rmpIsSegmented: true })
  let answers: unknown[] = []
  function* all(): Routine<void> {
    yield* sevSnpInit(kernel)
    answers = yield* programme(test, calls)
  }
  run(test, all(), (calls.length + 2) * 100 * SECOND)
  return {
    answers,
    events: told.events.map((event) => event.replace(/on \d/, 'somewhere')),
    faults: told.faults.length,
    lines: told.lines,
    leaks: told.leaks,
    returned: told.returned,
    entries: Array.from({ length: machine.rmp.pages }, (_, pfn) => machine.rmp.entry(pfn)),
    optimised: Array.from({ length: machine.rmp.regions }, (_, region) => [...members(machine.optimisedOn(region))]),
    bases: machine.tables.bases,
    guests: [...machine.firmware.guests],
    freePages: kernel.memory.freePages,
    online: kernel.online.size,
    hotplugDisabled: kernel.hotplugDisabled,
  }
}

describe('any programme of kernel calls', () => {
  const calls: fc.Arbitrary<KernelCall> = fc.oneof(
    fc.record({ call: fc.constant('launch'), pages: fc.integer({ min: 1, max: 12 }), imagePages: fc.nat(9), vcpus: fc.nat(3) }),
    fc.record({ call: fc.constant('populate'), share: fc.constantFrom(0.3, 0.5, 1) }),
    fc.record({ call: fc.constant('convert'), page: fc.nat(11) }),
    fc.record({ call: fc.constantFrom('destroy', 'request') }),
    fc.record({ call: fc.constantFrom('destroy', 'init', 'full', 'legacy', 'CPU 3 down', 'CPU 3 up') }),
  ) as fc.Arbitrary<KernelCall>

  it.each([true, false])('leaves the same behind on the clock and on the instant driver (players: %s)', (players) => {
    const onClock = ({ kernel }: TestKernel, routine: Routine<void>, endNs: Ns) => {
      const clock = new Clock(kernel, { costs: COSTS, players })
      clock.spawn(routine)
      clock.run(endNs)
    }
    const atOnce = ({ drive }: TestKernel, routine: Routine<void>, endNs: Ns) => {
      drive.spawn(routine)
      drive.advance(endNs)
    }
    const runs = fc.property(fc.array(calls, { maxLength: 25 }), fc.constantFrom('4k', '2m', '1g'), (list, backing) => {
      expect(outcome(list, backing, onClock)).toEqual(outcome(list, backing, atOnce))
    })
    fc.assert(runs, { numRuns: 60 })
  })
})
