import { describe, expect, it } from 'vitest'
import { GIB, planContiguous, SECOND } from '../../arch/index.ts'
import { cpuDown, cpuUp, type Op, rmpoptTableShow, sevSnpInit } from '../../kernel/index.ts'
import { Machine, members } from '../../machine/index.ts'
import type { Thread } from '../../testing/drive.ts'
import { booted, destroy, doneBy, doneIn, idle, machineOf, optimised, passes, RmpoptLog, ramOf } from '../../testing/drivers.ts'
import { launched, type TestKernel } from '../../testing/kernels.ts'
import { ALL_FEATURES, enableSnp, tinyMachine } from '../../testing/machines.ts'
import { rmpoptConfigfsWrite, V1 } from './v1.ts'

const kthreadOf = ({ drive }: TestKernel): Thread => drive.threads[1] // boot itself was the first
const write = ({ drive, kernel }: TestKernel) => drive.call(rmpoptConfigfsWrite(kernel))
const isOp = (name: Op['op']) => (op: Op) => op.op === name

/** A kernel whose thread makes a pass that somebody asked for, stopped where the test says. */
function inPass(until: (op: Op) => boolean): TestKernel & { kthread: Thread } {
  const test = idle(V1)
  write(test)
  const kthread = kthreadOf(test)
  test.drive.until(kthread, until)
  return { ...test, kthread }
}

describe('v1 as the host boots (§7) [L v1]', () => {
  it('sets SNP_EN on every CPU at boot [K], and starts the thread when the tables are programmed', () => {
    const test = booted(V1, { cores: 2, threadsPerCore: 2 })
    expect(test.machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, true, true, true])
    expect(test.kernel.snpInitialised).toBe(false)
    expect(doneBy(test, test.drive.threads[0])).toEqual([
      'lock cpu_hotplug_lock',
      'msr_set_bit on 0,1,2,3',
      'msr_set_bit on 0,1,2,3',
      'unlock cpu_hotplug_lock',
      'WRMSR on 0,1',
      'kthread-run',
    ])
  })

  it('makes the first pass then, before any SNP_INIT_EX', () => {
    const test = booted(V1)
    test.drive.run()
    expect([passes(test), optimised(test)]).toEqual([
      1,
      [
        [0, 1],
        [0, 1],
        [0, 1],
      ],
    ]) // the RMP is nobody's yet
    expect(kthreadOf(test).next?.op).toBe('schedule')
  })

  const withoutRmpopt = () => tinyMachine({ features: { rmpopt: false } })
  const contiguous = () =>
    new Machine({
      topology: { sockets: 1, coresPerSocket: 2, threadsPerCore: 1, nodesPerSocket: 1 },
      ram: ramOf([0, 0, 3]),
      layout: planContiguous(3 * GIB, 2 * GIB),
      features: ALL_FEATURES,
    })
  it.each([
    ['RMPOPT', withoutRmpopt],
    ['a segmented RMP', contiguous],
  ])('starts no thread without %s, and SNP_INIT_EX and writes to the file do no harm', (_, make) => {
    const test = booted(V1, make())
    test.drive.call(sevSnpInit(test.kernel))
    write(test)
    test.drive.run()
    expect([test.kernel.snpInitialised, passes(test), test.told.faults]).toEqual([true, 0, []])
    expect(test.drive.trace.some(({ op }) => op.op === 'kthread-run')).toBe(false)
  })

  it('starts no thread on a host that may not run SNP', () => {
    const test = booted(V1, tinyMachine({ features: { snp: false } }))
    expect(test.drive.trace.some(({ op }) => op.op === 'kthread-run')).toBe(false)
  })

  it('runs RMPOPT region by region, on one thread of each core, by one broadcast that waits, then maybe reschedules', () => {
    const test = booted(V1, { cores: 2, threadsPerCore: 2 })
    test.drive.run()
    expect(doneBy(test, kthreadOf(test))).toEqual([
      ...[0, 1, 2].flatMap((region) => [`RMPOPT ${region} on 0,1`, 'cond-resched']),
      'set-sleeping',
      'schedule',
    ])
  })

  it('takes the first online thread of each core, be it the second one', () => {
    const machine = tinyMachine({ cores: 2, threadsPerCore: 2 })
    const test = booted(V1, machine, { online: machine.topology.cpuSets.of([0, 3]) })
    test.drive.run()
    expect([...members(test.kernel.rmpopt.primaries)]).toEqual([0, 3])
    expect(optimised(test)[0]).toEqual([0, 1])
  })

  it('makes the mask once: a core that comes online later is not in it', () => {
    const machine = tinyMachine({ cores: 3 })
    const test = booted(V1, machine, { online: machine.topology.cpuSets.of([0, 1]) })
    test.drive.call(cpuUp(test.kernel, 2))
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.run()
    expect([optimised(test)[0], test.told.faults]).toEqual([[0, 1], []])
  })

  it('broadcasts to those CPUs of its mask that are still online', () => {
    const test = idle(V1, { cores: 3 })
    test.drive.call(cpuDown(test.kernel, 2))
    const log = new RmpoptLog(test.machine)
    write(test)
    test.drive.run()
    expect(log.take().map(([cpu]) => cpu)).toEqual([0, 1, 0, 1, 0, 1])
  })

  it('goes from the lowest page to the highest, rounded out, beyond what a table reaches too', () => {
    const ram = [
      { node: 0, start: 1.5 * GIB, end: 4 * GIB },
      { node: 0, start: 6 * GIB, end: 7.25 * GIB },
    ]
    const test = booted(V1, machineOf({}, ram, 2 * GIB))
    const log = new RmpoptLog(test.machine)
    test.drive.run()
    expect(test.told.events).toContain('pass begins on 0: 1 to 8')
    expect(log.take().map(([, region]) => region)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })
})

describe('v1 and SNP_INIT_EX (§7, §6.13) [L v1]', () => {
  it('clears what the pass at boot has optimised, and wakes the thread, which optimises all that is free again', () => {
    const test = booted(V1)
    test.drive.run()
    test.drive.call(sevSnpInit(test.kernel))
    expect(optimised(test)).toEqual([[], [], []])
    test.drive.run()
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]]) // the last holds the RMP, the firmware's now
  })

  it('during the pass at boot is a wake-up that is lost: what that pass had done stays undone', () => {
    const test = booted(V1)
    const kthread = kthreadOf(test)
    test.drive.until(kthread, (op) => op.op === 'on-each-cpu' && 'rax' in op.fn && op.fn.rax === GIB)
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.run()
    expect([passes(test), optimised(test)]).toEqual([1, [[], [0, 1], []]])
  })

  it('fails while a present CPU has never been online: it has no SNP_EN; the callback sets it on one that comes [K]', () => {
    const machine = tinyMachine({ cores: 3 })
    const test = booted(V1, machine, { online: machine.topology.cpuSets.of([0, 2]) })
    expect(machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, false, true])
    expect(test.drive.call(sevSnpInit(test.kernel))).toBe(false)
    expect(test.drive.call(cpuUp(test.kernel, 1))).toBe('done')
    expect(machine.cpus.map(({ snpEn, vmplEn }) => snpEn && vmplEn)).toEqual([true, true, true])
    expect(test.drive.call(sevSnpInit(test.kernel))).toBe(true)
  })

  it('programs no table: they are as boot has left them', () => {
    const test = booted(V1)
    test.drive.run()
    const done = doneIn(test, () => test.drive.call(sevSnpInit(test.kernel)))
    expect(done.filter((what) => what.startsWith('WRMSR'))).toEqual([])
    expect(done.at(-2)).toBe('wake-up-process')
  })

  it('is what a kexec target finds done for: SNP_EN is set already, the thread runs all the same', () => {
    const test = booted(V1, enableSnp(tinyMachine(), { init: false, rmpoptBase: undefined }))
    test.drive.run()
    expect([passes(test), test.told.faults, test.kernel.hotplugDisabled]).toEqual([1, [], 0])
  })
})

describe('the configfs file of v1 (§7) [L v1]', () => {
  it('asks for a pass, and says in_progress until it has ended', () => {
    const test = inPass(isOp('cond-resched'))
    expect(test.kernel.rmpopt.isInProgress).toBe(true)
    test.drive.run()
    expect([test.kernel.rmpopt.isInProgress, passes(test)]).toEqual([false, 3])
  })

  it('does nothing while in_progress is 1', () => {
    const test = inPass(isOp('cond-resched'))
    expect(doneIn(test, () => write(test))).toEqual([])
    test.drive.run()
    expect(passes(test)).toBe(3)
  })

  it('written between in_progress = 0 and the change of state loses the wake-up, and every later write finds in_progress 1', () => {
    const test = inPass(isOp('set-sleeping'))
    expect(test.kernel.rmpopt.isInProgress).toBe(false)
    write(test)
    test.drive.run()
    expect([test.kthread.state, test.kernel.rmpopt.isInProgress, passes(test)]).toEqual(['waiting', true, 3])
    write(test)
    test.drive.advance(1000 * SECOND)
    expect([test.kernel.rmpopt.isInProgress, passes(test)]).toEqual([true, 3])
  })

  it('works again after that once SNP_INIT_EX has woken the thread', () => {
    const test = inPass(isOp('set-sleeping'))
    write(test)
    test.drive.run()
    test.drive.call(V1.setup!(test.kernel))
    test.drive.run()
    expect([test.kernel.rmpopt.isInProgress, passes(test)]).toEqual([false, 4])
    write(test)
    test.drive.run()
    expect(passes(test)).toBe(5)
  })

  it('written after the change of state but before schedule is not lost', () => {
    const test = inPass(isOp('schedule'))
    write(test)
    test.drive.run()
    expect([passes(test), test.kernel.rmpopt.isInProgress]).toEqual([4, false])
  })

  it('written during the pass at boot, which nobody asked for through it, is lost with the end of that pass', () => {
    const test = booted(V1)
    test.drive.until(kthreadOf(test), isOp('cond-resched'))
    write(test)
    expect(test.kernel.rmpopt.isInProgress).toBe(true)
    test.drive.run()
    expect([passes(test), test.kernel.rmpopt.isInProgress]).toEqual([1, false])
  })
})

describe('v1 otherwise (§7) [L v1]', () => {
  it('does not re-optimise by itself what a guest has left', () => {
    const test = idle(V1)
    const guest = launched(test)
    const region = Math.floor(guest.memory[0].pfn / test.machine.geometry.regionPages)
    const done = doneIn(test, () => {
      destroy(test, guest)
      test.drive.advance(1000 * SECOND)
    })
    expect(done.filter((what) => what === 'wake-up-process' || what.startsWith('RMPOPT'))).toEqual([])
    expect([test.machine.isFree(region), optimised(test)[region]]).toEqual([true, []])
    write(test)
    test.drive.run()
    expect(optimised(test)[region]).toEqual([0, 1])
  })

  it('lists one region too many in rmpopt-table: the iterator advances after testing for the end', () => {
    const test = idle(V1)
    const regions: number[] = []
    test.drive.call(rmpoptTableShow(test.kernel, (region) => regions.push(region)))
    expect(regions).toEqual([0, 1, 2, 3])
  })
})
