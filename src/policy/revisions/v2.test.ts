import { describe, expect, it } from 'vitest'
import { SECOND } from '../../arch/index.ts'
import { cpuDown, cpuUp, type Op, sevSnpInit, sevSnpShutdown } from '../../kernel/index.ts'
import type { Thread } from '../../testing/drive.ts'
import { basesOf, booted, destroy, doneBy, doneIn, idle, optimised, passes, RmpoptLog } from '../../testing/drivers.ts'
import { launched, type TestKernel } from '../../testing/kernels.ts'
import { tinyMachine } from '../../testing/machines.ts'
import { V2 } from './v2.ts'

const kthreadOf = ({ drive }: TestKernel): Thread => drive.threads[1] // boot itself was the first
const freeInode = ({ drive, kernel }: TestKernel) => drive.call(V2.inodeFreed!(kernel))
const isOp = (name: Op['op']) => (op: Op) => op.op === name

/** A kernel whose thread makes a pass, stopped where the test says. */
function inPass(until: (op: Op) => boolean): TestKernel & { kthread: Thread } {
  const test = idle(V2)
  freeInode(test)
  const kthread = kthreadOf(test)
  test.drive.until(kthread, until)
  return { ...test, kthread }
}

describe('v2 as the host boots (§7) [L v2]', () => {
  it('sets SNP_EN on every CPU [K] and makes a pass, by one broadcast a region to all online CPUs, both threads of a core', () => {
    const test = booted(V2, { cores: 2, threadsPerCore: 2 })
    test.drive.run()
    expect(test.machine.cpus.every(({ snpEn }) => snpEn)).toBe(true)
    expect(doneBy(test, kthreadOf(test))).toEqual([
      ...[0, 1, 2].flatMap((region) => [`RMPOPT ${region} on 0,1,2,3`, 'cond-resched']),
      'set-sleeping',
      'schedule',
    ])
  })

  it('programs the tables of all online CPUs, also where only the second thread of a core is online', () => {
    const machine = tinyMachine({ cores: 2, threadsPerCore: 2 })
    const test = booted(V2, machine, { online: machine.topology.cpuSets.of([0, 3]) })
    test.drive.run()
    expect(basesOf(machine)).toEqual([0, 0])
    expect([optimised(test)[0], test.told.faults]).toEqual([[0, 1], []])
  })

  it('is followed by another pass after SNP_INIT_EX, which has cleared the tables (§6.13)', () => {
    const test = booted(V2)
    test.drive.run()
    test.drive.call(sevSnpInit(test.kernel))
    expect(optimised(test)).toEqual([[], [], []])
    test.drive.run()
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]])
  })

  it('does nothing without RMPOPT, nor do the inodes that are freed later', () => {
    const test = booted(V2, { features: { rmpopt: false } })
    test.drive.call(sevSnpInit(test.kernel))
    const guest = launched(test)
    destroy(test, guest)
    test.drive.run()
    expect([passes(test), test.told.faults]).toEqual([0, []])
  })
})

describe('a freed inode in v2 (§7) [L v2]', () => {
  it('wakes the thread when SNP is on, at once', () => {
    const test = idle(V2)
    freeInode(test)
    test.drive.run()
    expect(passes(test)).toBe(3)
  })

  it('does not when SNP is off', () => {
    const test = idle(V2)
    test.drive.call(sevSnpShutdown(test.kernel, 'full'))
    expect(doneIn(test, () => freeInode(test))).toEqual([])
  })

  it('comes several times a VM, after its memory has come back', () => {
    const test = idle(V2)
    const guest = launched(test)
    const region = Math.floor(guest.memory[0].pfn / test.machine.geometry.regionPages)
    expect(optimised(test)[region]).toEqual([])
    const done = doneIn(test, () => destroy(test, guest))
    expect(done.filter((what) => what === 'wake-up-process').length).toBeGreaterThan(1)
    expect(done.slice(0, done.indexOf('wake-up-process'))).toContain('SNP_DECOMMISSION')
    const { events } = test.told
    expect(events.indexOf('guest 0 memory returned')).toBeLessThan(events.lastIndexOf('pass requested'))
    test.drive.run()
    expect(optimised(test)[region]).toEqual([0, 1])
  })

  it('several times a VM costs several passes when each finds the thread asleep', () => {
    const test = idle(V2)
    for (let inode = 0; inode < 3; inode++) {
      freeInode(test)
      test.drive.run()
    }
    expect(passes(test)).toBe(2 + 3)
  })

  it('during a pass is lost', () => {
    const test = inPass(isOp('cond-resched'))
    freeInode(test)
    test.drive.advance(1000 * SECOND)
    expect([passes(test), test.kthread.state]).toEqual([3, 'waiting'])
  })

  it('during a pass leaves un-optimised for good what came back behind that pass', () => {
    const test = idle(V2)
    const guest = launched(test)
    const region = Math.floor(guest.memory[0].pfn / test.machine.geometry.regionPages)
    freeInode(test)
    test.drive.until(kthreadOf(test), (op) => op.op === 'on-each-cpu' && 'rax' in op.fn && op.fn.rax / 2 ** 30 === region + 1)
    destroy(test, guest)
    test.drive.advance(1000 * SECOND)
    expect([test.machine.isFree(region), optimised(test)[region]]).toEqual([true, []])
  })

  it('after the last region but before the change of state is lost, too', () => {
    const test = inPass(isOp('set-sleeping'))
    freeInode(test)
    test.drive.run()
    expect([passes(test), test.kthread.state]).toEqual([3, 'waiting'])
  })

  it('after the change of state but before schedule is not lost', () => {
    const test = inPass(isOp('schedule'))
    freeInode(test)
    test.drive.run()
    expect(passes(test)).toBe(4)
  })
})

describe('CPUs that come and go in v2 (§7) [K]', () => {
  const late = () => {
    const machine = tinyMachine({ cores: 2, threadsPerCore: 2 })
    const test = booted(V2, machine, { online: machine.topology.cpuSets.of([0, 2]) })
    test.drive.run()
    return test
  }

  it('get SNP_EN as they come, and are in the broadcasts of the next pass', () => {
    const test = late()
    test.drive.call(cpuUp(test.kernel, 1))
    test.drive.call(cpuUp(test.kernel, 3))
    expect(test.machine.cpus.every(({ snpEn }) => snpEn)).toBe(true)
    const log = new RmpoptLog(test.machine)
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.run()
    expect(new Set(log.take().map(([cpu]) => cpu))).toEqual(new Set([0, 1, 2, 3]))
  })

  it('find the table of a core that was offline at boot disabled: RMPOPT is #UD there (§6.4)', () => {
    const test = late()
    test.drive.call(cpuUp(test.kernel, 1))
    test.drive.call(cpuUp(test.kernel, 3))
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.run()
    expect(optimised(test)[0]).toEqual([0])
    expect(new Set(test.told.faults.map(({ cpu, doing }) => `${doing} on ${cpu}`))).toEqual(
      new Set(['RMPOPT on 1', 'RMPOPT on 3']),
    )
  })

  it('are left out when they are offline as a pass begins', () => {
    const test = idle(V2, { cores: 3 })
    test.drive.call(cpuDown(test.kernel, 1))
    const log = new RmpoptLog(test.machine)
    freeInode(test)
    test.drive.run()
    expect(new Set(log.take().map(([cpu]) => cpu))).toEqual(new Set([0, 2]))
  })

  it('are in the broadcasts of a pass under way once they come online: these go to all online CPUs', () => {
    const test = idle(V2, { cores: 3 })
    test.drive.call(cpuDown(test.kernel, 1))
    const log = new RmpoptLog(test.machine)
    freeInode(test)
    test.drive.until(kthreadOf(test), isOp('cond-resched'))
    test.drive.call(cpuUp(test.kernel, 1))
    test.drive.run()
    expect(log.take()).toEqual([...pairs([0, 2], [0]), ...pairs([0, 1, 2], [1, 2])])
  })

  it('are out of the broadcasts of a pass under way once they went offline', () => {
    const test = inPass(isOp('cond-resched'))
    const log = new RmpoptLog(test.machine)
    test.drive.call(cpuDown(test.kernel, 1))
    test.drive.run()
    expect(log.take()).toEqual(pairs([0], [1, 2]))
  })
})

const pairs = (cpus: number[], regions: number[]) => regions.flatMap((region) => cpus.map((cpu) => [cpu, region]))
