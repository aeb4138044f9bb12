import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { members } from '../machine/index.ts'
import type { Thread } from '../testing/drive.ts'
import { type TestKernel, testKernel } from '../testing/kernels.ts'
import { smallMachine } from '../testing/machines.ts'
import { cpuDown, cpuUp, holding, hotplugDisable, hotplugEnable, type Routine, sleepUntil } from './index.ts'

const fourCpus = () => testKernel(smallMachine({ cores: 4 }))
const onlineOf = ({ kernel }: TestKernel) => [...members(kernel.online)]

/** Sleeps with migration disabled. */
function* pinned(untilNs: number): Routine<void> {
  yield { op: 'migrate-disable' }
  yield* sleepUntil(untilNs)
  yield { op: 'migrate-enable' }
}

describe('a CPU (§7, kernel mechanisms) [K]', () => {
  it('goes offline and comes online, without SNP_EN: nobody sets it in the tree of the later revisions [L v9]', () => {
    const test = fourCpus()
    const { drive, kernel, machine } = test
    expect([drive.call(cpuDown(kernel, 2)), onlineOf(test)]).toEqual(['done', [0, 1, 3]])
    for (const cpu of [0, 1, 3]) Object.assign(machine.cpus[cpu], { snpEn: true })
    expect([drive.call(cpuUp(kernel, 2)), onlineOf(test)]).toEqual(['done', [0, 1, 2, 3]])
    expect(machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, true, false, true])
  })

  it('that is where it is to be stays there', () => {
    const { drive, kernel } = fourCpus()
    expect(drive.call(cpuUp(kernel, 1))).toBe('already')
    drive.call(cpuDown(kernel, 1))
    expect(drive.call(cpuDown(kernel, 1))).toBe('already')
  })

  it('waits, the hotplug lock held, until no task with migration disabled is left on it', () => {
    const test = fourCpus()
    const { drive, kernel } = test
    drive.spawn(pinned(10), 2)
    drive.spawn(pinned(20), 2)
    drive.spawn(pinned(99), 1)
    drive.run()
    const down = drive.spawn(cpuDown(kernel, 2))
    drive.advance(15)
    expect([down.state, kernel.hotplugLock.isHeld, kernel.hotplugOuterLock.isHeld]).toEqual(['waiting', true, true])
    const reader = drive.spawn(holding(kernel.hotplugLock, 'shared', sleepUntil(0)))
    drive.advance(19)
    expect(reader.state).toBe('waiting')
    drive.advance(20)
    expect([down.result, reader.state, onlineOf(test)]).toEqual(['done', 'ended', [0, 1, 3]])
  })

  it('waits for those who read the online mask', () => {
    const { drive, kernel } = fourCpus()
    drive.spawn(holding(kernel.hotplugLock, 'shared', sleepUntil(50)))
    drive.run()
    const down = drive.spawn(cpuDown(kernel, 2))
    drive.advance(49)
    expect(down.state).toBe('waiting')
    drive.advance(50)
    expect(down.result).toBe('done')
  })
})

describe('cpu_hotplug_disable (§7) [K]', () => {
  it('makes later operations fail with EBUSY, and is counted', () => {
    const { drive, kernel } = fourCpus()
    drive.call(hotplugDisable(kernel))
    drive.call(hotplugDisable(kernel))
    drive.call(hotplugEnable(kernel))
    expect([drive.call(cpuDown(kernel, 1)), drive.call(cpuUp(kernel, 1))]).toEqual(['EBUSY', 'EBUSY'])
    drive.call(hotplugEnable(kernel))
    expect(drive.call(cpuDown(kernel, 1))).toBe('done')
  })

  it('waits for an operation under way', () => {
    const { drive, kernel } = fourCpus()
    drive.spawn(pinned(10), 2)
    drive.run()
    const down = drive.spawn(cpuDown(kernel, 2))
    drive.run()
    const disable = drive.spawn(hotplugDisable(kernel))
    drive.run()
    expect([disable.state, kernel.hotplugDisabled]).toEqual(['waiting', 0])
    drive.advance(10)
    expect([down.result, disable.state, kernel.hotplugDisabled]).toEqual(['done', 'ended', 1])
  })

  it('under cpus_read_lock deadlocks with a CPU going offline, as it would in Linux', () => {
    const { drive, kernel } = fourCpus()
    const wrong = drive.spawn(holding(kernel.hotplugLock, 'shared', hotplugDisable(kernel)))
    drive.until(wrong, (op) => op.op === 'lock' && op.lock === kernel.hotplugOuterLock)
    const down = drive.spawn(cpuDown(kernel, 1))
    while (down.state === 'ready') drive.step(down)
    drive.run()
    expect([wrong.state, down.state]).toEqual(['waiting', 'waiting'])
  })

  it('and CPUs that come and go, in any interleaving: none comes or goes while it is disabled', () => {
    const runs = fc.property(fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), (schedule) => {
      const test = fourCpus()
      const { drive, kernel } = test
      let mayChange = true
      function* disabled(): Routine<void> {
        yield* hotplugDisable(kernel)
        mayChange = false
        const before = kernel.online
        for (let i = 0; i < 4; i++) {
          yield { op: 'cond-resched' }
          expect(kernel.online).toBe(before)
        }
        mayChange = true
        yield* hotplugEnable(kernel)
      }
      drive.spawn(cpuDown(kernel, 1))
      drive.spawn(disabled())
      drive.spawn(cpuUp(kernel, 1))
      drive.spawn(cpuDown(kernel, 2))
      let at = 0
      drive.run((ready: readonly Thread[]) => ready[(schedule[at++ % schedule.length] ?? 0) % ready.length])
      expect(drive.threads.every(({ state }) => state === 'ended')).toBe(true)
      expect([mayChange, kernel.hotplugDisabled]).toEqual([true, 0])
    })
    fc.assert(runs, { numRuns: 200 })
  })
})
