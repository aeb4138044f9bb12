import { describe, expect, it } from 'vitest'
import { members, Topology } from './index.ts'

/** The machine of the measurements (§8): 2 sockets × 256 cores × 2 threads. */
const epyc = (nodesPerSocket = 1) => new Topology({ sockets: 2, coresPerSocket: 256, threadsPerCore: 2, nodesPerSocket })

describe('Topology (§8, §9)', () => {
  it('numbers 1024 CPUs: first threads of all cores socket by socket, then second threads; 0 and 512 are siblings', () => {
    const t = epyc()
    expect([t.cpus, t.cores, t.sockets, t.nodes]).toEqual([1024, 512, 2, 2])
    expect([...members(t.siblings(0))]).toEqual([0, 512])
    expect([...members(t.siblings(512))]).toEqual([0, 512])
    expect([...members(t.siblings(1023))]).toEqual([511, 1023])
    expect([0, 511, 512, 1023].map((cpu) => t.coreOf(cpu))).toEqual([0, 511, 0, 511])
  })

  it('makes 0-255,512-767 the CPUs of the first socket: half of the listing in §9 [L v1]', () => {
    const t = epyc()
    const first = [...members(t.cpuSets.all)].filter((cpu) => t.nodeOf(cpu) === 0)
    expect(first).toEqual([...Array(256).keys(), ...Array.from({ length: 256 }, (_, i) => 512 + i)])
  })

  it('divides each socket into as many nodes as NPS says, cores evenly', () => {
    for (const nps of [1, 2, 4]) {
      const t = epyc(nps)
      expect(t.nodes).toBe(2 * nps)
      const sizes = Array(t.nodes).fill(0)
      for (let cpu = 0; cpu < t.cpus; cpu++) sizes[t.nodeOf(cpu)]++
      expect(sizes).toEqual(Array(2 * nps).fill(512 / nps))
      expect(t.nodeOf(255)).toBe(nps - 1)
      expect(t.nodeOf(256)).toBe(nps)
      for (const cpu of [0, 100, 511]) expect(t.nodeOf(cpu)).toBe(t.nodeOf(cpu + 512))
    }
  })

  it('calls the lowest thread of every core primary (§7) [K]', () => {
    expect([...members(epyc().primaries)]).toEqual([...Array(512).keys()])
    const one = new Topology({ sockets: 1, coresPerSocket: 3, threadsPerCore: 1, nodesPerSocket: 1 })
    expect([...members(one.primaries)]).toEqual([0, 1, 2])
    expect([...members(one.siblings(1))]).toEqual([1])
  })

  it('finds the cores of a CPU mask, each once', () => {
    const t = new Topology({ sockets: 1, coresPerSocket: 40, threadsPerCore: 2, nodesPerSocket: 1 })
    const mask = t.cpuSets.of([0, 40, 41, 39])
    expect([...members(t.coresOf(mask))]).toEqual([0, 1, 39])
    expect(t.coresOf(t.cpuSets.all)).toBe(t.coreSets.all)
    expect(t.coresOf(t.cpuSets.none)).toBe(t.coreSets.none)
    const one = new Topology({ sockets: 1, coresPerSocket: 3, threadsPerCore: 1, nodesPerSocket: 1 })
    expect([...members(one.coresOf(one.cpuSets.of([2])))]).toEqual([2])
  })

  it('asserts that the numbers make a machine', () => {
    const spec = { sockets: 1, coresPerSocket: 4, threadsPerCore: 1, nodesPerSocket: 1 }
    for (const wrong of [{ sockets: 0 }, { threadsPerCore: 3 }, { nodesPerSocket: 3 }, { coresPerSocket: 1.5 }]) {
      expect(() => new Topology({ ...spec, ...wrong })).toThrow('assertion failed')
    }
  })
})
