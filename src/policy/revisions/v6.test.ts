import { describe, expect, it } from 'vitest'
import { cpuDown, sevSnpInit } from '../../kernel/index.ts'
import { booted, doneBy, initialised, optimised, startWork } from '../../testing/drivers.ts'
import type { TestKernel } from '../../testing/kernels.ts'
import { enableSnp, tinyMachine } from '../../testing/machines.ts'
import { V6, V7 } from './v6.ts'
import { V8 } from './v8.ts'

const MACHINE = { cores: 3, threadsPerCore: 2, freeRegions: 1 } as const

/** The steps of a leader or follower loop over both regions of the machine. */
const loop = (on: string, reschedules: boolean) =>
  [0, 1].flatMap((region) => [`RMPOPT ${region}${on}`, ...(reschedules ? ['cond-resched'] : [])])

/** A kexec target that left the first thread of core 2 offline, and of core 0 if asked for. */
function withoutPrimaries(policy: typeof V6, online = [0, 1, 3, 4, 5]): TestKernel {
  const machine = enableSnp(tinyMachine(MACHINE), { init: false, rmpoptBase: undefined })
  const test = booted(policy, machine, { online: machine.topology.cpuSets.of(online) })
  test.drive.call(sevSnpInit(test.kernel), online[0])
  return test
}

describe.each([
  { policy: V6, reschedules: false },
  { policy: V7, reschedules: true },
  { policy: V8, reschedules: true },
])('$policy.name, the pass (§7) [L v6, v7]', ({ policy, reschedules }) => {
  it(`leads on a primary in the mask, ${reschedules ? 'with' : 'without'} reschedule points`, () => {
    const test = initialised(policy, MACHINE)
    const pass = startWork(test, 1)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass)).toEqual([
      'migrate-disable',
      ...loop('', reschedules),
      'migrate-enable',
      'lock cpu_hotplug_lock',
      ...loop(' on 0,2', true),
      'unlock cpu_hotplug_lock',
    ])
    expect(optimised(test)).toEqual([[0, 1, 2], []])
  })

  it('leads on a sibling of one, and drops that primary from the followers: the MSR is per core', () => {
    const test = initialised(policy, MACHINE)
    const pass = startWork(test, 4)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass)).toEqual([
      'migrate-disable',
      ...loop('', reschedules),
      'migrate-enable',
      'lock cpu_hotplug_lock',
      ...loop(' on 0,2', true),
      'unlock cpu_hotplug_lock',
    ])
    expect([optimised(test), test.told.events.at(-2)]).toEqual([[[0, 1, 2], []], 'pass begins on 4: 0 to 2'])
  })

  it('else has the first CPU of the mask lead, by cross calls under cpus_read_lock, which is taken after migrate_disable', () => {
    const test = withoutPrimaries(policy)
    const pass = startWork(test, 5)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass)).toEqual([
      'migrate-disable',
      'lock cpu_hotplug_lock',
      ...loop(' on 0', reschedules),
      'unlock cpu_hotplug_lock',
      'migrate-enable',
      'lock cpu_hotplug_lock',
      ...loop(' on 1', true),
      'unlock cpu_hotplug_lock',
    ])
    expect([optimised(test), test.told.faults]).toEqual([[[0, 1], []], []])
    expect(test.told.events.at(-2)).toBe('pass begins on 0: 0 to 2')
  })

  it('has the first of the mask lead, whatever its number', () => {
    const test = withoutPrimaries(policy, [1, 2, 3, 4, 5])
    const pass = startWork(test, 3)
    test.drive.until(pass, () => false)
    expect(doneBy(test, pass).filter((what) => what.includes(' on '))).toEqual([
      ...['RMPOPT 0 on 1', 'RMPOPT 1 on 1'],
      ...['RMPOPT 0 on 2', 'RMPOPT 1 on 2'],
    ])
    expect(test.told.faults).toEqual([])
  })

  it.each([0, 1, 2, 3, 4, 5])('leaves the global mask alone, at every step: worker on CPU %i', (cpu) => {
    const test = initialised(policy, MACHINE)
    const { rmpopt } = test.kernel
    const before = rmpopt.primaries
    const pass = startWork(test, cpu)
    for (; pass.state === 'ready'; test.drive.step(pass)) expect(rmpopt.primaries).toBe(before)
    expect(optimised(test)).toEqual([[0, 1, 2], []])
  })
})

describe.each([V6, V7])('$name and a CPU that goes offline (§7, kernel mechanisms) [L v6, v7, K]', (policy) => {
  it('deadlock in the cross-call case: the pass holds its CPU and wants the lock, who takes the CPU down the reverse', () => {
    const test = withoutPrimaries(policy)
    const pass = startWork(test, 5)
    test.drive.until(pass, (op) => op.op === 'lock')
    const down = test.drive.spawn(cpuDown(test.kernel, 5), 0)
    while (down.state === 'ready') test.drive.step(down)
    test.drive.run()
    expect([down.state, down.next?.op, pass.state, pass.next?.op]).toEqual(['waiting', 'wait-unpinned', 'waiting', 'lock'])
  })

  it('do not when the worker is on the core that leads: the pin is gone before the lock is taken', () => {
    const test = initialised(policy, MACHINE)
    const pass = startWork(test, 4)
    test.drive.until(pass, (op) => op.op === 'execute')
    const down = test.drive.spawn(cpuDown(test.kernel, 4), 0)
    while (down.state === 'ready') test.drive.step(down)
    expect(down.next?.op).toBe('wait-unpinned')
    test.drive.run()
    expect([down.result, pass.state]).toEqual(['done', 'ended'])
  })

  it('let it wait in the cross-call loop, that holds the lock', () => {
    const test = withoutPrimaries(policy)
    const pass = startWork(test, 5)
    test.drive.until(pass, (op) => op.op === 'on-each-cpu')
    const down = test.drive.spawn(cpuDown(test.kernel, 4), 0)
    while (down.state === 'ready') test.drive.step(down)
    expect(down.next?.op).toBe('lock')
    test.drive.run()
    expect([down.result, pass.state]).toEqual(['done', 'ended'])
  })
})
