import { describe, expect, it } from 'vitest'
import { SECOND } from '../../arch/index.ts'
import { kvmDestroyVm, sevSnpInit, sevSnpShutdown } from '../../kernel/index.ts'
import { destroy, doneBy, doneIn, idle, initialised, optimised, passes, startWork } from '../../testing/drivers.ts'
import { launched } from '../../testing/kernels.ts'
import { V8 } from './v8.ts'
import { V9, V10 } from './v10.ts'

const MACHINE = { cores: 3, threadsPerCore: 2, freeRegions: 1 } as const

describe.each([V8, V9, V10])('$name, the request (§7) [L v8]', (policy) => {
  it('is made after DECOMMISSION, under the mutex, with mod_delayed_work', () => {
    const test = idle(policy)
    const guest = launched(test)
    const done = doneIn(test, () => destroy(test, guest))
    const request = done.indexOf('restart work 10s')
    expect(request).toBeGreaterThan(done.indexOf('SNP_DECOMMISSION'))
    expect(done.slice(request - 1, request + 2)).toEqual(['lock rmpopt_mutex', 'restart work 10s', 'unlock rmpopt_mutex'])
    expect(done.lastIndexOf('restart work 10s')).toBe(request)
  })

  it('restarts the ten seconds: guests that end one after the other cost one pass, 10 s after the last', () => {
    const test = idle(policy)
    const guests = [0, 1, 2].map((id) => launched(test, { id }))
    for (const [i, seconds] of [0, 6, 15].entries()) {
      test.drive.advance(seconds * SECOND)
      destroy(test, guests[i])
    }
    test.drive.advance(25 * SECOND - 1)
    expect(passes(test)).toBe(1)
    test.drive.advance(25 * SECOND)
    expect([passes(test), optimised(test)]).toEqual([2, [[0, 1], [0, 1], []]])
  })

  it('may be put off for ever by guests that end every few seconds', () => {
    const test = idle(policy)
    for (let i = 1; i <= 50; i++) {
      const guest = launched(test, { id: i })
      test.drive.advance(i * 9 * SECOND)
      destroy(test, guest)
    }
    expect(passes(test)).toBe(1)
  })

  it('made while a pass runs queues another, 10 s later', () => {
    const test = idle(policy)
    const guest = launched(test)
    const pass = startWork(test)
    test.drive.until(pass, (op) => op.op === 'on-each-cpu')
    destroy(test, guest)
    test.drive.advance(10 * SECOND - 1)
    expect(passes(test)).toBe(2)
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(3)
  })

  it('restarts the timer of the first pass, too, which setup has queued at once', () => {
    const test = initialised(policy)
    destroy(test, launched(test))
    test.drive.advance(10 * SECOND - 1)
    expect(passes(test)).toBe(0)
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(1)
  })

  it('comes too early for memory that takes longer to come back; nothing but a later teardown makes that good [L v9]', () => {
    const test = idle(policy)
    const { drive, kernel, machine } = test
    const guest = launched(test, { pages: 8, imagePages: 8 })
    const other = launched(test, { id: 1 })
    const region = Math.floor(guest.memory[0].pfn / machine.geometry.regionPages)
    const teardown = drive.spawn(kvmDestroyVm(kernel, guest))
    drive.until(teardown, (op) => op.op === 'rmpupdate-run')
    teardown.state = 'waiting' // for its CPU
    drive.advance(10 * SECOND)
    teardown.state = 'ready'
    drive.advance(1000 * SECOND)
    expect([passes(test), optimised(test)[region]]).toEqual([2, []])
    destroy(test, other)
    drive.advance(1010 * SECOND)
    expect([passes(test), optimised(test)[region]]).toEqual([3, [0, 1]])
  })

  it('is early, mutex and cleanup as in v5: a second init is not set up again, a full shutdown cancels', () => {
    const test = idle(policy)
    test.drive.call(sevSnpShutdown(test.kernel, 'legacy'))
    test.drive.call(sevSnpInit(test.kernel))
    test.drive.advance(1000 * SECOND)
    expect([passes(test), optimised(test)]).toEqual([1, [[], [], []]])
    destroy(test, launched(test))
    test.drive.call(sevSnpShutdown(test.kernel, 'full'))
    test.drive.advance(2000 * SECOND)
    expect([passes(test), test.told.faults]).toEqual([1, []])
  })
})

describe.each([V9, V10])('$name, the pass (§7) [L v9]', (policy) => {
  it.each([0, 1, 2, 3, 4, 5])(
    'is led by whatever CPU runs it; its core’s threads are removed from the followers: CPU %i',
    (cpu) => {
      const test = initialised(policy, MACHINE)
      const pass = startWork(test, cpu)
      test.drive.until(pass, () => false)
      const others = [0, 1, 2].filter((primary) => primary !== cpu % 3)
      const done = doneBy(test, pass)
      expect(done.filter((what) => what.startsWith('RMPOPT'))).toEqual([
        ...['RMPOPT 0', 'RMPOPT 1'],
        ...[`RMPOPT 0 on ${others}`, `RMPOPT 1 on ${others}`],
      ])
      expect(done.indexOf('lock cpu_hotplug_lock')).toBeLessThan(done.indexOf(`RMPOPT 0 on ${others}`))
      expect([optimised(test), test.told.events.at(-2)]).toEqual([[[0, 1, 2], []], `pass begins on ${cpu}: 0 to 2`])
    },
  )

  it('leaves the global mask alone at every step', () => {
    const test = initialised(policy, MACHINE)
    const before = test.kernel.rmpopt.primaries
    const pass = startWork(test, 1)
    for (; pass.state === 'ready'; test.drive.step(pass)) expect(test.kernel.rmpopt.primaries).toBe(before)
  })

  it('has reschedule points in both loops [L v7]', () => {
    const test = initialised(policy, MACHINE)
    const pass = startWork(test, 1)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass).filter((what) => what === 'cond-resched')).toHaveLength(4)
  })
})
