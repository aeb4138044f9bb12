import { describe, expect, it } from 'vitest'
import { SECOND } from '../../arch/index.ts'
import { cpuDown, cpuUp, sevSnpInit, sevSnpShutdown } from '../../kernel/index.ts'
import { has } from '../../machine/index.ts'
import {
  basesOf,
  booted,
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
import { V3, V4 } from './v3.ts'

describe.each([V3, V4])('$name, setup (§7) [L v3, v4]', (policy) => {
  it('comes after SNP_INIT_EX, not at boot: programs RMPOPT_BASE on each core, queues the work at once, takes no mutex', () => {
    const test = booted(policy, { threadsPerCore: 2 })
    expect([test.machine.cpus.some(({ snpEn }) => snpEn), basesOf(test.machine)]).toEqual([false, [undefined, undefined]])
    const done = doneIn(test, () => test.drive.call(sevSnpInit(test.kernel)))
    expect(done.slice(done.indexOf('SNP_INIT_EX'))).toEqual([
      'SNP_INIT_EX',
      'SNP_DF_FLUSH',
      'WRMSR on 0,1',
      'keep work 0s',
      'unlock sev_cmd_mutex',
    ])
    test.drive.advance(0)
    expect([passes(test), optimised(test)]).toEqual([1, [[0, 1], [0, 1], []]])
  })

  it('is done again by a second init after a legacy shutdown, and makes good what SNP_INIT_EX has cleared (§6.13)', () => {
    const test = idle(policy)
    test.drive.call(sevSnpShutdown(test.kernel, 'legacy'))
    const done = doneIn(test, () => test.drive.call(sevSnpInit(test.kernel)))
    expect(done.slice(-3)).toEqual(['WRMSR on 0,1', 'keep work 0s', 'unlock sev_cmd_mutex'])
    expect(optimised(test)).toEqual([[], [], []])
    test.drive.advance(0)
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]])
  })

  it('leaves a pass that waits for its ten seconds as it is: the call changes nothing', () => {
    const test = idle(policy)
    destroy(test, launched(test))
    test.drive.call(sevSnpShutdown(test.kernel, 'legacy'))
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.advance(10 * SECOND - 1)
    expect([passes(test), optimised(test)]).toEqual([1, [[], [], []]])
    test.drive.advance(10 * SECOND)
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]])
  })

  it('does nothing without RMPOPT', () => {
    const test = idle(policy, { features: { rmpopt: false } })
    destroy(test, launched(test))
    test.drive.advance(100 * SECOND)
    expect([passes(test), test.told.faults, basesOf(test.machine)]).toEqual([0, [], [undefined, undefined]])
  })
})

describe.each([V3, V4])('$name, the request (§7) [L v3, v4]', (policy) => {
  it('is made before the context is decommissioned, without the mutex', () => {
    const test = idle(policy)
    const guest = launched(test)
    const done = doneIn(test, () => destroy(test, guest))
    const request = done.indexOf('keep work 10s')
    expect(request).toBeGreaterThanOrEqual(0)
    expect(request).toBeLessThan(done.indexOf('SNP_DECOMMISSION'))
    expect(done.lastIndexOf('keep work 10s')).toBe(request)
    expect(done).not.toContain('lock rmpopt_mutex')
  })

  it('is one pass 10 s after the first guest that ended, however many follow', () => {
    const test = idle(policy)
    const guests = [0, 1, 2].map((id) => launched(test, { id }))
    for (const [i, seconds] of [0, 4, 9].entries()) {
      test.drive.advance(seconds * SECOND)
      destroy(test, guests[i])
    }
    test.drive.advance(10 * SECOND - 1)
    expect(passes(test)).toBe(1)
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(2)
    test.drive.advance(1000 * SECOND)
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]])
  })

  it('while the pass runs queues another: a running item is not pending', () => {
    const test = idle(policy)
    const [first, second] = [0, 1].map((id) => launched(test, { id }))
    destroy(test, first)
    const pass = startWork(test)
    test.drive.until(pass, (op) => op.op === 'on-each-cpu')
    destroy(test, second)
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(3)
  })

  it('may see its pass run while the guest is still there, when the decommission takes longer: its memory stays un-optimised', () => {
    const test = idle(policy)
    const guest = launched(test)
    const region = Math.floor(guest.memory[0].pfn / test.machine.geometry.regionPages)
    const teardown = test.drive.spawn(policy.vmDestroying!(test.kernel))
    test.drive.until(teardown, () => false)
    test.drive.advance(10 * SECOND)
    expect([passes(test), optimised(test)[region]]).toEqual([2, []])
  })
})

describe.each([V3, V4])('$name, the pass (§7) [L v3, v4]', (policy) => {
  const machine = { cores: 3, threadsPerCore: 2, freeRegions: 1 } as const

  it('on a primary thread: the leader goes over all regions and never reschedules; then the others, by broadcast', () => {
    const test = initialised(policy, machine)
    const pass = startWork(test, 1)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass)).toEqual([
      'RMPOPT 0',
      'RMPOPT 1',
      ...['RMPOPT 0 on 0,2', 'cond-resched', 'RMPOPT 1 on 0,2', 'cond-resched'],
    ])
    expect(optimised(test)).toEqual([[0, 1, 2], []])
  })

  it('takes the leader out of the global mask for the duration, and puts it back', () => {
    const test = initialised(policy, machine)
    const { rmpopt } = test.kernel
    const before = rmpopt.primaries
    const pass = startWork(test, 1)
    test.drive.until(pass, (op) => op.op === 'execute')
    for (; pass.state === 'ready'; test.drive.step(pass)) expect(has(rmpopt.primaries, 1)).toBe(false)
    expect([pass.state, rmpopt.primaries === before]).toEqual(['ended', true])
  })

  it('on a second thread: that leads, and takes nobody out of the mask, not its own core either', () => {
    const test = initialised(policy, machine)
    const before = test.kernel.rmpopt.primaries
    const pass = startWork(test, 4)
    for (; pass.state === 'ready'; test.drive.step(pass)) expect(test.kernel.rmpopt.primaries).toBe(before)
    expect(test.kernel.rmpopt.primaries).toBe(before)
    expect(doneBy(test, pass).filter((what) => what.includes(' on '))).toEqual(['RMPOPT 0 on 0,1,2', 'RMPOPT 1 on 0,1,2'])
    expect(test.told.events).toContain('pass begins on 4: 0 to 2')
    expect([...optimised(test)[0]]).toEqual([0, 1, 2])
  })

  it('is not pinned: moved in the leader loop it goes on elsewhere, and the core it came from misses regions', () => {
    const test = initialised(policy, { cores: 3, freeRegions: 2 })
    const log = new RmpoptLog(test.machine)
    const pass = startWork(test, 1)
    test.drive.until(pass, (op) => op.op === 'execute' && 'rax' in op.instruction && op.instruction.rax === 2 ** 30)
    pass.cpu = 2
    test.drive.until(pass, () => false)
    expect(log.take().slice(0, 3)).toEqual([
      [1, 0],
      [2, 1],
      [2, 2],
    ])
    expect(optimised(test)).toEqual([[0, 1, 2], [0, 2], []])
  })

  it('holds no lock: a CPU goes offline at any step of it', () => {
    const steps = () => {
      const test = initialised(policy, machine)
      return { test, pass: startWork(test, 0) }
    }
    const { test, pass } = steps()
    let count = 0
    for (; pass.state === 'ready'; count++) test.drive.step(pass)
    for (let at = 0; at < count; at++) {
      const one = steps()
      for (let i = 0; i < at; i++) one.test.drive.step(one.pass)
      expect(one.test.drive.call(cpuDown(one.test.kernel, 0))).toBe('done')
    }
  })

  it('broadcasts to those CPUs of its mask that are still online', () => {
    const test = idle(policy, { cores: 3 })
    test.drive.call(cpuDown(test.kernel, 2))
    const log = new RmpoptLog(test.machine)
    const pass = startWork(test, 0)
    test.drive.until(pass, () => false)
    expect(new Set(log.take().map(([cpu]) => cpu))).toEqual(new Set([0, 1]))
  })
})

describe.each([V3, V4])('$name, hotplug and shutdown (§7) [L v3, v4, v9]', (policy) => {
  it('lets CPUs come and go at any time; one that comes has no SNP_EN', () => {
    const test = idle(policy, { cores: 3 })
    expect([test.drive.call(cpuDown(test.kernel, 2)), test.kernel.hotplugDisabled]).toEqual(['done', 0])
    test.machine.cpus[2].snpEn = false // it was powered down
    expect(test.drive.call(cpuUp(test.kernel, 2))).toBe('done')
    expect(test.machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, true, false])
  })

  it('does not clean up on a full shutdown: a pass that waits runs all the same, without SNP_EN: #UD [A §6.4]', () => {
    const test = idle(policy)
    destroy(test, launched(test))
    const done = doneIn(test, () => test.drive.call(sevSnpShutdown(test.kernel, 'full')))
    expect(done).toEqual(['lock sev_cmd_mutex', 'SNP_SHUTDOWN_EX', 'unlock sev_cmd_mutex'])
    expect(basesOf(test.machine)).toEqual([0, 0])
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(2)
    expect(new Set(test.told.faults.map(({ cpu }) => cpu))).toEqual(new Set([0, 1]))
  })

  it('sets up again after a full shutdown', () => {
    const test = idle(policy)
    test.drive.call(sevSnpShutdown(test.kernel, 'full'))
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.advance(0)
    expect([passes(test), optimised(test), test.told.faults]).toEqual([2, [[0, 1], [0, 1], []], []])
  })
})
