/** Guests, passes and requests in random interleavings, operation by operation. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SECOND } from '../arch/index.ts'
import type { Thread } from '../testing/drive.ts'
import { bootSmall, launch, type TestKernel } from '../testing/kernels.ts'
import { kvmConvertToShared, kvmDestroyVm, kvmGmemPopulate, type Routine, rmpoptTableShow, snpRmpoptAllPhysmem } from './index.ts'

const FREE_REGIONS = 8

function* life(test: TestKernel, id: number): Routine<string> {
  const guest = yield* launch(test, { id, pages: 6, imagePages: 1 + id, vcpus: 1 })
  if ('failed' in guest) return guest.failed
  yield* kvmGmemPopulate(test.kernel, guest, 6)
  yield* kvmConvertToShared(test.kernel, guest, 4)
  yield* kvmDestroyVm(test.kernel, guest)
  return 'lived'
}

/** A schedule: whom to let go, step by step; round and round. */
const schedules = fc.array(fc.nat(11), { minLength: 20, maxLength: 400 })

function picker(schedule: readonly number[]): (ready: readonly Thread[]) => Thread {
  let at = 0
  return (ready) => ready[schedule[at++ % schedule.length] % ready.length]
}

/** Regions that a core skips though a page of them is assigned. */
function wronglyOptimised({ machine }: TestKernel): number[] {
  return [...machine.rmp.assignedPages.keys()].filter(
    (region) => machine.rmp.assignedPages[region] > 0 && machine.optimisedOn(region).size > 0,
  )
}

/** Runs everybody in this schedule, and has timers fire now and then without regard to time. */
function runAll(test: TestKernel, schedule: readonly number[]): void {
  const { drive, kernel } = test
  const pick = picker(schedule)
  let steps = 0
  drive.run((ready) => {
    expect(wronglyOptimised(test)).toEqual([])
    if (++steps % 40 === 0 && kernel.rmpopt.work?.dueNs !== undefined) {
      drive.nowNs = kernel.rmpopt.work.dueNs
      drive.spawn(timer(test))
    }
    return pick(ready)
  })
}

/** Lets what is due happen, from within the run. */
// biome-ignore lint/correctness/useYield: it fires a timer, at once
function* timer({ drive, kernel }: TestKernel): Routine<void> {
  const { work } = kernel.rmpopt
  if (!work?.fire()) return
  work.start()
  drive.spawn(work.routine(), drive.threads.length % 4, work)
}

describe('guests and passes in any interleaving', () => {
  it('never leave a region optimised that holds an assigned page (§6.9); all memory comes back, and one more request optimises all of it', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const test = bootSmall({ cores: 2, threadsPerCore: 2, freeRegions: FREE_REGIONS, asidMax: 3 })
        const { drive, kernel, machine, told } = test
        const total = kernel.memory.freePages
        const lives = [0, 1, 2].map((id) => drive.spawn(life(test, id), id))
        drive.spawn(snpRmpoptAllPhysmem(kernel), 3)
        runAll(test, schedule)
        expect(lives.map(({ result }) => result)).toEqual(['lived', 'lived', 'lived'])
        expect([kernel.memory.freePages, kernel.leakedPages, told.faults]).toEqual([total, 0, []])
        drive.call(snpRmpoptAllPhysmem(kernel)) // a pass may have come too early for the last one's memory [L v9]
        drive.advance(drive.nowNs + 100 * SECOND)
        for (let region = 0; region < FREE_REGIONS; region++) expect(machine.optimisedOn(region).size).toBe(2)
      }),
      { numRuns: 60 },
    )
  })

  it('share two ASIDs among four guests: each has its own, and whoever finds none fails cleanly', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const test = bootSmall({ freeRegions: 12, asidMax: 2 })
        const { drive, kernel, machine } = test
        const total = kernel.memory.freePages
        const lives = [0, 1, 2, 3].map((id) => drive.spawn(life(test, id), id % 2))
        runAll(test, schedule)
        const results = lives.map(({ result }) => result)
        expect(results.filter((result) => result === 'lived').length).toBeGreaterThanOrEqual(2)
        expect(new Set([...results, 'lived', 'no free ASID'])).toEqual(new Set(['lived', 'no free ASID']))
        expect([kernel.memory.freePages, kernel.leakedPages, machine.firmware.guests.size]).toEqual([total, 0, 0])
      }),
      { numRuns: 60 },
    )
  })
})

describe('rmpopt-table (§9) [L v1–v8]', () => {
  it('lists the CPUs of every region that report it optimised, siblings too, and changes nothing', () => {
    const test = bootSmall({ cores: 2, threadsPerCore: 2, freeRegions: 2 })
    const { drive, kernel, machine } = test
    const show = () => {
      const lines: string[] = []
      drive.call(rmpoptTableShow(kernel, (region, cpus) => lines.push(`${region}: ${cpus.size}`)))
      return lines
    }
    expect(show()).toEqual(['0: 0', '1: 0', '2: 0', '3: 0'])
    drive.advance(0)
    expect(show()).toEqual(['0: 4', '1: 4', '2: 0', '3: 0'])
    const thread = drive.spawn(launch(test, { pages: 4, imagePages: 1 }))
    drive.run()
    expect(thread.result).not.toHaveProperty('failed')
    expect(show()).toEqual(['0: 0', '1: 0', '2: 0', '3: 0'])
    expect(machine.optimisedOn(0).size).toBe(0)
  })
})
