import { describe, expect, it } from 'vitest'
import { GIB } from '../../arch/index.ts'
import { cpuDown, hotplugEnable, type RegionRange } from '../../kernel/index.ts'
import { doneBy, idle, machineOf, optimised, RmpoptLog, ramOf } from '../../testing/drivers.ts'
import { put } from '../../testing/instructions.ts'
import type { TestKernel } from '../../testing/kernels.ts'
import type { Base } from '../base.ts'
import { composePolicy } from './compose.ts'
import { executePass } from './execute.ts'
import { WHOS, type Who } from './spec.ts'

const ALL: RegionRange = { first: 0, end: 3 }
const FULL = 1 // the region in which a page is assigned; the RMP lies in region 2

interface How {
  readonly who: Who
  /** Where it is run. */
  readonly cpu?: number
  readonly guestCpus?: readonly number[]
  readonly ranges?: readonly RegionRange[]
}

/** A kernel of 4 cores with two threads each, CPU c and c + 4, that has made no pass; region 1 holds a guest's page. */
function kernelFor(who: Who): TestKernel {
  const test = idle(composePolicy({ name: 'x', summary: 'x', when: { at: 'init' }, what: 'all', who, base: 'lowest' }), {
    cores: 4,
    threadsPerCore: 2,
  })
  test.machine.tables.clearAll()
  put(test.machine, (FULL * GIB) / 4096 + 77, 'Guest-Valid')
  return test
}

/** What is done by one pass: the CPUs that execute RMPOPT on each region, in order, and the operations. */
function pass({ who, cpu = 0, guestCpus = [], ranges = [ALL] }: How) {
  const test = kernelFor(who)
  test.kernel.guestCpus = () => test.machine.topology.cpuSets.of(guestCpus)
  const log = new RmpoptLog(test.machine)
  const thread = test.drive.spawn(executePass(test.kernel, who, 'lowest', ranges), cpu)
  test.drive.until(thread, () => false)
  expect(test.told.faults).toEqual([])
  return { test, executed: log.take(), done: doneBy(test, thread).filter((what) => what.startsWith('RMPOPT')) }
}

const on = (cpus: string, ...regions: number[]) => regions.map((region) => `RMPOPT ${region} on ${cpus}`)
const here = (...regions: number[]) => regions.map((region) => `RMPOPT ${region}`)
const EVERY = [[0, 1, 2, 3], [], []]

describe('who executes RMPOPT, and in what order', () => {
  it('broadcast: the first thread of every core, each region by one broadcast, wherever it is run', () => {
    for (const cpu of [0, 3, 6]) {
      const { done, test } = pass({ who: WHOS.broadcast, cpu })
      expect([done, optimised(test)]).toEqual([on('0,1,2,3', 0, 1, 2), EVERY])
    }
  })

  it('broadcast-all: every thread', () => {
    expect(pass({ who: WHOS['broadcast-all'] }).done).toEqual(on('0,1,2,3,4,5,6,7', 0, 1, 2))
  })

  it.each([
    [2, '0,1,3'],
    [6, '0,1,3'],
    [0, '1,2,3'],
  ])('leader-followers: CPU %i over all regions, then the first threads of the other cores', (cpu, others) => {
    const { done, executed, test } = pass({ who: WHOS['leader-followers'], cpu })
    expect(done).toEqual([...here(0, 1, 2), ...on(others, 0, 1, 2)])
    expect(executed.slice(0, 3)).toEqual([0, 1, 2].map((region) => [cpu, region]))
    expect(optimised(test)).toEqual(EVERY)
  })

  it('leader-successes: the others only where the leader succeeded (§7, proposals)', () => {
    const { done, test } = pass({ who: WHOS['leader-successes'], cpu: 1 })
    expect([done, optimised(test)]).toEqual([[...here(0, 1, 2), ...on('0,2,3', 0)], EVERY])
  })

  it('leader-only: one CPU, and one core', () => {
    const { done, test } = pass({ who: WHOS['leader-only'], cpu: 7 })
    expect([done, optimised(test)]).toEqual([here(0, 1, 2), [[3], [], []]])
  })

  it('all threads behind a leader: its sibling is served, the others are asked', () => {
    const { done } = pass({ who: { ...WHOS['leader-followers'], threads: 'all' }, cpu: 1 })
    expect(done).toEqual([...here(0, 1, 2), ...on('0,2,3,4,6,7', 0, 1, 2)])
  })

  it('idle-first: cores on which no thread runs a guest, then the others', () => {
    const { done, test } = pass({ who: WHOS['idle-first'], guestCpus: [1, 6] })
    expect([done, optimised(test)]).toEqual([[...here(0, 1, 2), ...on('3', 0), ...on('1,2', 0)], EVERY])
  })

  it('idle-first, when all are idle or none is: one broadcast', () => {
    expect(pass({ who: WHOS['idle-first'] }).done).toEqual([...here(0, 1, 2), ...on('1,2,3', 0)])
    expect(pass({ who: WHOS['idle-first'], guestCpus: [0, 1, 2, 3] }).done).toEqual([...here(0, 1, 2), ...on('1,2,3', 0)])
  })

  it('idle-only: cores on which no thread runs a guest, and no others', () => {
    const { done, test } = pass({ who: WHOS['idle-only'], guestCpus: [1, 6] })
    expect([done, optimised(test)]).toEqual([
      [...here(0, 1, 2), ...on('3', 0)],
      [[0, 3], [], []],
    ])
  })

  it('idle-only, when all run guests: the leader alone', () => {
    expect(pass({ who: WHOS['idle-only'], guestCpus: [4, 5, 6, 7] }).done).toEqual(here(0, 1, 2))
  })

  it('idle-only without a leader interrupts nobody that runs a guest, on neither thread', () => {
    const who: Who = { ...WHOS.broadcast, threads: 'all', reach: 'idle-only' }
    const { executed } = pass({ who, guestCpus: [0, 5] })
    expect(new Set(executed.map(([cpu]) => cpu))).toEqual(new Set([2, 3, 6, 7]))
  })

  it('groups: so many cores at a time, all regions for one group, then for the next', () => {
    const groups = (groupCores: number): Who => ({ ...WHOS.broadcast, reach: 'groups', groupCores })
    expect(pass({ who: groups(2) }).done).toEqual([...on('0,1', 0, 1, 2), ...on('2,3', 0, 1, 2)])
    expect(pass({ who: groups(3) }).done).toEqual([...on('0,1,2', 0, 1, 2), ...on('3', 0, 1, 2)])
    expect(pass({ who: groups(99) }).done).toEqual(on('0,1,2,3', 0, 1, 2))
    expect(pass({ who: { ...groups(2), threads: 'all' } }).done[0]).toBe('RMPOPT 0 on 0,1,4,5')
  })

  it('groups behind a leader: its core is in none', () => {
    const who: Who = { ...WHOS['leader-successes'], reach: 'groups', groupCores: 2 }
    expect(pass({ who, cpu: 3 }).done).toEqual([...here(0, 1, 2), ...on('0,1', 0), ...on('2', 0)])
  })

  it('goes over the ranges it is given, and nothing else', () => {
    const ranges = [
      { first: 0, end: 1 },
      { first: 2, end: 3 },
    ]
    expect(pass({ who: WHOS.broadcast, ranges }).done).toEqual(on('0,1,2,3', 0, 2))
    expect(pass({ who: WHOS['leader-followers'], ranges }).done).toEqual([...here(0, 2), ...on('1,2,3', 0, 2)])
    expect(pass({ who: WHOS['leader-successes'], ranges }).done).toEqual([...here(0, 2), ...on('1,2,3', 0)])
  })

  it('leaves out CPUs that are offline, and is under the hotplug lock while it interrupts', () => {
    const test = kernelFor(WHOS.broadcast)
    test.drive.call(hotplugEnable(test.kernel))
    test.drive.call(cpuDown(test.kernel, 2))
    const log = new RmpoptLog(test.machine)
    const thread = test.drive.spawn(executePass(test.kernel, WHOS.broadcast, 'lowest', [ALL]), 0)
    test.drive.until(thread, (op) => op.op === 'on-each-cpu')
    const down = test.drive.spawn(cpuDown(test.kernel, 3))
    while (down.state === 'ready') test.drive.step(down)
    test.drive.run()
    expect([thread.state, down.result]).toEqual(['ended', 'done'])
    expect(new Set(log.take().map(([cpu]) => cpu))).toEqual(new Set([0, 1, 3]))
  })
})

describe('a pass with tables that begin in different places', () => {
  /** Two sockets of two cores, 4 GiB each; a table reaches 4 GiB; the RMP lies in region 1. */
  function perSocket(who: Who, base: Base, cpu: number, guestCpus: readonly number[] = []) {
    const machine = machineOf({ sockets: 2, coresPerSocket: 2, threadsPerCore: 2 }, ramOf([0, 0, 4], [1, 4, 8]), 4 * GIB)
    const test = idle(composePolicy({ name: 'x', summary: 'x', when: { at: 'init' }, what: 'all', who, base }), machine)
    machine.tables.clearAll()
    test.kernel.guestCpus = () => machine.topology.cpuSets.of(guestCpus)
    const thread = test.drive.spawn(executePass(test.kernel, who, base, [{ first: 2, end: 7 }]), cpu)
    test.drive.until(thread, () => false)
    expect(test.told.faults).toEqual([])
    return { test, done: doneBy(test, thread).filter((what) => what.startsWith('RMPOPT')) }
  }
  const OWN = [[], [], [0, 1], [0, 1], [2, 3], [2, 3], [2, 3], []]

  it('asks each core for the regions that its table reaches only', () => {
    const { done, test } = perSocket(WHOS.broadcast, 'socket', 0)
    expect([done, optimised(test)]).toEqual([[...on('0,1', 2, 3), ...on('2,3', 4, 5, 6)], OWN])
  })

  it('has a leader in each group: here where this CPU is in it, else the first CPU by cross calls', () => {
    const first = perSocket(WHOS['leader-followers'], 'socket', 1)
    expect(first.done).toEqual([...here(2, 3), ...on('0', 2, 3), ...on('2', 4, 5, 6), ...on('3', 4, 5, 6)])
    const second = perSocket(WHOS['leader-followers'], 'node', 7)
    expect(second.done).toEqual([...on('0', 2, 3), ...on('1', 2, 3), ...here(4, 5, 6), ...on('2', 4, 5, 6)])
    expect([optimised(first.test), optimised(second.test)]).toEqual([OWN, OWN])
  })

  it('has no followers in a group whose leader had no success', () => {
    const machine = machineOf({ sockets: 2, coresPerSocket: 2 }, ramOf([0, 0, 4], [1, 4, 8]), 4 * GIB)
    const who = WHOS['leader-successes']
    const test = idle(composePolicy({ name: 'x', summary: 'x', when: { at: 'init' }, what: 'all', who, base: 'socket' }), machine)
    machine.tables.clearAll()
    put(machine, (5 * GIB) / 4096, 'Guest-Valid')
    const thread = test.drive.spawn(executePass(test.kernel, who, 'socket', [{ first: 5, end: 6 }]), 0)
    test.drive.until(thread, () => false)
    expect(doneBy(test, thread).filter((what) => what.startsWith('RMPOPT'))).toEqual(on('2', 5))
  })

  it('idle-only interrupts no core that runs a guest, to lead its group either', () => {
    const { done } = perSocket(WHOS['idle-only'], 'socket', 0, [2])
    expect(done.some((what) => what.endsWith(' on 2'))).toBe(false)
  })
})
