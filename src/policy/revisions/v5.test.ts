import { describe, expect, it } from 'vitest'
import { SECOND } from '../../arch/index.ts'
import { cpuDown, cpuUp, sevSnpInit, sevSnpShutdown } from '../../kernel/index.ts'
import { has } from '../../machine/index.ts'
import {
  basesOf,
  destroy,
  doneBy,
  doneIn,
  idle,
  initialised,
  optimised,
  passes,
  RmpoptLog,
  startWork,
} from '../../testing/drivers.ts'
import { launched } from '../../testing/kernels.ts'
import { V5 } from './v5.ts'
import { V6, V7 } from './v6.ts'

const MACHINE = { cores: 3, threadsPerCore: 2, freeRegions: 1 } as const

describe.each([V5, V6, V7])('$name, setup, request and cleanup (§7) [L v5]', (policy) => {
  it('setup holds the mutex', () => {
    const test = initialised(policy)
    const done = test.drive.threads.flatMap((thread) => doneBy(test, thread))
    expect(done.slice(done.indexOf('SNP_DF_FLUSH') + 1)).toEqual([
      'lock rmpopt_mutex',
      'WRMSR on 0,1',
      'keep work 0s',
      'unlock rmpopt_mutex',
      'unlock sev_cmd_mutex',
    ])
  })

  it('setup returns early after a legacy shutdown and an init: what SNP_INIT_EX cleared stays so until a guest ends', () => {
    const test = idle(policy)
    test.drive.call(sevSnpShutdown(test.kernel, 'legacy'))
    const done = doneIn(test, () => test.drive.call(sevSnpInit(test.kernel)))
    expect(done.slice(-3)).toEqual(['lock rmpopt_mutex', 'unlock rmpopt_mutex', 'unlock sev_cmd_mutex'])
    test.drive.advance(1000 * SECOND)
    expect([passes(test), optimised(test)]).toEqual([1, [[], [], []]])
    destroy(test, launched(test))
    test.drive.advance(2000 * SECOND)
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]])
  })

  it('the request is made after DECOMMISSION, once, under the mutex; a pending pass stays as it is', () => {
    const test = idle(policy)
    const guest = launched(test)
    const done = doneIn(test, () => destroy(test, guest))
    const request = done.indexOf('keep work 10s')
    expect(request).toBeGreaterThan(done.indexOf('SNP_DECOMMISSION'))
    expect(done.slice(request - 1, request + 2)).toEqual(['lock rmpopt_mutex', 'keep work 10s', 'unlock rmpopt_mutex'])
    expect(done.lastIndexOf('keep work 10s')).toBe(request)
  })

  it('guests that end one after the other cost one pass, 10 s after the first', () => {
    const test = idle(policy)
    const guests = [0, 1].map((id) => launched(test, { id }))
    destroy(test, guests[0])
    test.drive.advance(6 * SECOND)
    destroy(test, guests[1])
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(2)
    test.drive.advance(1000 * SECOND)
    expect(passes(test)).toBe(2)
  })

  it('cleanup on a full shutdown cancels what waits and disables the tables, under the mutex', () => {
    const test = idle(policy)
    destroy(test, launched(test))
    const done = doneIn(test, () => test.drive.call(sevSnpShutdown(test.kernel, 'full')))
    expect(done).toEqual([
      'lock sev_cmd_mutex',
      'SNP_SHUTDOWN_EX',
      'lock rmpopt_mutex',
      'cancel-work-sync',
      'WRMSR on 0,1',
      'unlock rmpopt_mutex',
      'unlock sev_cmd_mutex',
    ])
    expect(basesOf(test.machine)).toEqual([undefined, undefined])
    test.drive.advance(1000 * SECOND)
    expect([passes(test), test.told.faults]).toEqual([1, []])
  })

  it('setup works anew after that', () => {
    const test = idle(policy)
    test.drive.call(sevSnpShutdown(test.kernel, 'full'))
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.advance(0)
    expect([passes(test), optimised(test), test.told.faults]).toEqual([2, [[0, 1], [0, 1], []], []])
  })

  it('a legacy shutdown skips the cleanup: a pass that waits still runs', () => {
    const test = idle(policy)
    destroy(test, launched(test))
    test.drive.call(sevSnpShutdown(test.kernel, 'legacy'))
    test.drive.advance(10 * SECOND)
    expect([passes(test), optimised(test), test.told.faults]).toEqual([2, [[0, 1], [0, 1], []], []])
  })

  it('CPUs come and go at any time; one that comes has no SNP_EN [L v9]', () => {
    const test = idle(policy, { cores: 3 })
    expect([test.drive.call(cpuDown(test.kernel, 2)), test.kernel.hotplugDisabled]).toEqual(['done', 0])
    test.machine.cpus[2].snpEn = false // it was powered down
    expect(test.drive.call(cpuUp(test.kernel, 2))).toBe('done')
    expect(test.machine.cpus[2].snpEn).toBe(false)
  })

  it('a CPU of the mask that went offline is left out of passes and of the cleanup', () => {
    const test = idle(policy, { cores: 3 })
    test.drive.call(cpuDown(test.kernel, 2))
    const log = new RmpoptLog(test.machine)
    const pass = startWork(test, 0)
    test.drive.until(pass, () => false)
    expect(new Set(log.take().map(([cpu]) => cpu))).toEqual(new Set([0, 1]))
    expect(test.drive.call(sevSnpShutdown(test.kernel, 'full'))).toBe(true)
  })
})

describe('v5, the pass (§7) [L v5]', () => {
  it('has the leader loop pinned, without reschedule points, and the follower loop under the hotplug lock, no longer pinned', () => {
    const test = initialised(V5, MACHINE)
    const pass = startWork(test, 1)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass)).toEqual([
      'migrate-disable',
      'RMPOPT 0',
      'RMPOPT 1',
      'migrate-enable',
      'lock cpu_hotplug_lock',
      ...['RMPOPT 0 on 0,2', 'cond-resched', 'RMPOPT 1 on 0,2', 'cond-resched'],
      'unlock cpu_hotplug_lock',
    ])
  })

  it('still takes the leader out of the global mask, and puts it back', () => {
    const test = initialised(V5, MACHINE)
    const { rmpopt } = test.kernel
    const before = rmpopt.primaries
    const pass = startWork(test, 1)
    test.drive.until(pass, (op) => op.op === 'execute')
    for (; pass.state === 'ready'; test.drive.step(pass)) expect(has(rmpopt.primaries, 1)).toBe(false)
    expect(rmpopt.primaries).toBe(before)
  })

  it('on a second thread leads there, and takes nobody out', () => {
    const test = initialised(V5, MACHINE)
    const before = test.kernel.rmpopt.primaries
    const pass = startWork(test, 5)
    test.drive.until(pass, () => false)
    expect(test.kernel.rmpopt.primaries).toBe(before)
    expect(doneBy(test, pass)).toContain('RMPOPT 0 on 0,1,2')
  })

  it('keeps its CPU from going offline in the leader loop only, and never blocks for good with it', () => {
    const test = initialised(V5, MACHINE)
    const pass = startWork(test, 1)
    test.drive.until(pass, (op) => op.op === 'execute')
    const down = test.drive.spawn(cpuDown(test.kernel, 1), 0)
    while (down.state === 'ready') test.drive.step(down)
    expect(down.next?.op).toBe('wait-unpinned')
    test.drive.until(pass, (op) => op.op === 'lock')
    test.drive.run()
    expect([down.result, pass.state]).toEqual(['done', 'ended'])
  })

  it('keeps CPUs from going offline in the follower loop', () => {
    const test = initialised(V5, MACHINE)
    const pass = startWork(test, 1)
    test.drive.until(pass, (op) => op.op === 'on-each-cpu')
    const down = test.drive.spawn(cpuDown(test.kernel, 2), 0)
    while (down.state === 'ready') test.drive.step(down)
    expect([down.state, down.next?.op]).toEqual(['waiting', 'lock'])
    test.drive.run()
    expect([down.result, pass.state]).toEqual(['done', 'ended'])
  })

  it('takes #UD all over where the worker is on a core of which only the second thread was online at setup (§6.4)', () => {
    const test = idle(V5, MACHINE)
    test.machine.execute(2, { name: 'WRMSR', msr: 0xc001_0139, value: 0n }) // as setup would have left it
    test.kernel.rmpopt.primaries = test.machine.topology.cpuSets.of([0, 1])
    const pass = startWork(test, 5)
    test.drive.until(pass, () => false)
    expect(test.told.faults).toEqual([0, 1].map(() => ({ cpu: 5, doing: 'RMPOPT' })))
  })
})
