import { describe, expect, it } from 'vitest'
import { GIB, TIB } from '../arch/index.ts'
import { members, type RamRange, type TopologySpec } from '../machine/index.ts'
import { basesOf, booted, initialised, machineOf, optimised, RmpoptLog, ramOf } from '../testing/drivers.ts'
import { composePolicy } from './axes/compose.ts'
import { WHOS } from './axes/spec.ts'
import { type Base, baseGroups } from './base.ts'
import { V1 } from './revisions/v1.ts'
import { V2 } from './revisions/v2.ts'
import { V10 } from './revisions/v10.ts'

/** Where v1 has the table of each core begin, GiB, when a table reaches so many GiB. */
function basesOfV1(topology: Partial<TopologySpec>, ram: readonly RamRange[], reachGib: number) {
  return basesOf(booted(V1, machineOf(topology, ram, reachGib * GIB)).machine)
}

const TWO_SOCKETS = { sockets: 2, coresPerSocket: 2 }

describe('RMPOPT_BASE of v1 (§7) [L v1]', () => {
  it('is 0 on every core when RAM is just within the reach of a table, wherever RAM begins', () => {
    expect(basesOfV1(TWO_SOCKETS, ramOf([0, 0, 4], [1, 4, 8]), 8)).toEqual([0, 0, 0, 0])
    expect(basesOfV1(TWO_SOCKETS, ramOf([0, 2, 5], [1, 5, 8]), 8)).toEqual([0, 0, 0, 0])
  })

  it('is 0 on every core of a machine of 2 TiB; of one GiB more it is per socket', () => {
    const ram = (gib: number) => ramOf([0, 0, 1024], [1, 1024, gib])
    expect(basesOf(booted(V1, machineOf({ sockets: 2 }, ram(2048))).machine)).toEqual([0, 0])
    expect(basesOf(booted(V1, machineOf({ sockets: 2 }, ram(2049))).machine)).toEqual([0, 1024])
  })

  it('is 0 on every core when the total of RAM is within reach, though a hole pushes its end beyond', () => {
    expect(basesOfV1(TWO_SOCKETS, ramOf([0, 0, 3], [1, 6, 9]), 6)).toEqual([0, 0, 0, 0])
  })

  it('is the start of its socket beyond that, on both threads of every core of it', () => {
    expect(basesOfV1({ ...TWO_SOCKETS, threadsPerCore: 2 }, ramOf([0, 0, 4], [1, 4, 8]), 4)).toEqual([0, 0, 4, 4])
  })

  it('is rounded down to 1 GiB', () => {
    const ram = [
      { node: 0, start: 0, end: 4.5 * GIB },
      { node: 1, start: 4.5 * GIB, end: 8 * GIB },
    ]
    expect(basesOfV1(TWO_SOCKETS, ram, 5)).toEqual([0, 0, 4, 4])
  })

  it('is the start of its node in a socket that spans more, and of its socket in one that does not', () => {
    const topology = { sockets: 2, coresPerSocket: 2, nodesPerSocket: 2 }
    const ram = ramOf([0, 0, 3], [1, 3, 6], [2, 6, 7], [3, 7, 8])
    expect(basesOfV1(topology, ram, 4)).toEqual([0, 3, 6, 6])
  })

  it('takes a socket to end with the last node met, walking the CPU list, though another node lies higher', () => {
    const topology = { coresPerSocket: 3, nodesPerSocket: 3 }
    const ram = ramOf([0, 0, 2], [2, 2, 4], [1, 6, 8])
    expect(basesOfV1(topology, ram, 4)).toEqual([0, 0, 0]) // node 1 is out of everybody's reach
    expect(basesOfV1(topology, ram, 3)).toEqual([0, 6, 2])
  })

  it('takes a socket to begin with the first node met, though another node lies lower', () => {
    const topology = { sockets: 2, coresPerSocket: 3, nodesPerSocket: 3 }
    const ram = ramOf([0, 0, 2], [1, 2, 4], [2, 4, 6], [4, 6, 8], [3, 8, 10], [5, 10, 12])
    expect(basesOfV1(topology, ram, 6).slice(3)).toEqual([8, 8, 8])
  })

  it('makes each core optimise what its table reaches, and no more, though every core is asked for all of RAM', () => {
    const test = booted(V1, machineOf(TWO_SOCKETS, ramOf([0, 0, 4], [1, 4, 8]), 4 * GIB))
    const log = new RmpoptLog(test.machine)
    test.drive.run()
    expect(log.take()).toHaveLength(4 * 8)
    const lower = [0, 1]
    expect(optimised(test)).toEqual([...Array(4).fill(lower), ...Array(4).fill([2, 3])])
    expect(test.told.faults).toEqual([])
  })
})

describe('RMPOPT_BASE of v2 to v10 (§7) [L v2]', () => {
  it.each([V2, V10])('is the lowest page rounded down to 1 GiB on all cores, whatever node they are in: $name', (policy) => {
    const ram = [
      { node: 0, start: 2.5 * GIB, end: 5 * GIB },
      { node: 1, start: 5 * GIB, end: 9 * GIB },
    ]
    const { machine, kernel } = initialised(policy, machineOf({ ...TWO_SOCKETS, threadsPerCore: 2 }, ram, 4 * GIB))
    expect(basesOf(machine)).toEqual([2, 2, 2, 2])
    expect(kernel.rmpopt.range).toEqual({ start: 2 * GIB, end: 6 * GIB })
  })

  it.each([V2, V10])('with 2 TiB from there on, however much there is: $name', (policy) => {
    const { kernel } = initialised(policy, machineOf({}, ramOf([0, 1, 20], [0, 2000, 2060])))
    expect(kernel.rmpopt.range).toEqual({ start: GIB, end: GIB + 2 * TIB })
  })
})

describe('the axis base', () => {
  const topology = { sockets: 2, coresPerSocket: 4, nodesPerSocket: 2, threadsPerCore: 2 }
  const ram = ramOf([0, 1, 3], [2, 3, 4], [1, 4, 6], [3, 6, 8])
  const groups = (base: Base) => {
    const { kernel, machine } = booted(V10, machineOf(topology, ram))
    const asked = machine.topology.cpuSets.of([0, 3, 4, 7, 8, 11, 15])
    return baseGroups(kernel, asked, base).map(({ cpus, start }) => [start / GIB, [...members(cpus)]])
  }

  it('lowest: one group, at the lowest page', () => {
    expect(groups('lowest')).toEqual([[1, [0, 3, 4, 7, 8, 11, 15]]])
  })

  it('socket: a group for each socket that has a CPU, at the lowest page of its nodes', () => {
    expect(groups('socket')).toEqual([
      [1, [0, 3, 8, 11]],
      [3, [4, 7, 15]],
    ])
  })

  it('node: a group for each node that has a CPU, at its lowest page', () => {
    expect(groups('node')).toEqual([
      [1, [0, 8]],
      [4, [3, 11]],
      [3, [4]],
      [6, [7, 15]],
    ])
  })

  it.each([
    ['socket', [0, 0, 4, 4], 4],
    ['node', [0, 2, 4, 6], 2],
  ] as const)('%s: programs each core, and each optimises all that its table reaches', (base, expected, reach) => {
    const machine = machineOf(
      { sockets: 2, coresPerSocket: 2, nodesPerSocket: 2 },
      ramOf([0, 0, 2], [1, 2, 4], [2, 4, 6], [3, 6, 8]),
      reach * GIB,
    )
    const who = WHOS['leader-followers']
    const test = initialised(composePolicy({ name: 'x', summary: 'x', when: { at: 'init' }, what: 'all', who, base }), machine)
    expect(basesOf(machine)).toEqual(expected)
    test.drive.advance(0)
    const cores = (region: number) => [0, 1, 2, 3].filter((core) => expected[core] <= region && region < expected[core] + reach)
    expect(optimised(test)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((region) => (region === 1 ? [] : cores(region))))
    expect(test.told.faults).toEqual([])
  })

  it('asks for whole regions on a machine whose regions are larger than 1 GiB', () => {
    const ram = ramOf([0, 0, 3], [1, 3, 8])
    const plain = machineOf({ sockets: 2 }, ram)
    const machine = machineOf({ sockets: 2 }, ram, undefined, { regionBytes: 2 * GIB })
    expect(plain.geometry.regionBytes).toBe(GIB)
    const who = WHOS.broadcast
    const test = initialised(
      composePolicy({ name: 'x', summary: 'x', when: { at: 'init' }, what: 'all', who, base: 'socket' }),
      machine,
    )
    test.drive.advance(0)
    expect(test.told.faults).toEqual([])
  })
})
