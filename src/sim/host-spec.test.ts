import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GIB, layoutProblem, ownRanges } from '../arch/index.ts'
import { type HostSpec, planHost } from './host-spec.ts'
import { HOSTS } from './presets.ts'

const [venice, , , tiny] = HOSTS

/** Hosts of all shapes, small to keep it quick. */
const hosts: fc.Arbitrary<HostSpec> = fc
  .record({
    sockets: fc.integer({ min: 1, max: 4 }),
    nodesPerSocket: fc.constantFrom(1, 2, 4),
    gibPerNode: fc.integer({ min: 1, max: 40 }),
    mmioHoleGib: fc.integer({ min: 0, max: 3 }),
    rmp: fc.constantFrom('segmented' as const, 'contiguous' as const),
    segmentShift: fc.integer({ min: 30, max: 40 }),
    hostReservedShare: fc.double({ min: 0, max: 0.9, noNaN: true }),
  })
  .map(({ gibPerNode, mmioHoleGib, segmentShift, ...rest }) => ({
    ...tiny,
    ...rest,
    memoryBytes: rest.sockets * rest.nodesPerSocket * gibPerNode * GIB,
    mmioHoleBytes: mmioHoleGib * GIB,
    rmpSegmentBytes: 2 ** segmentShift,
  }))
  .filter(
    ({ memoryBytes, mmioHoleBytes, rmpSegmentBytes }) =>
      memoryBytes >= 4 * GIB && memoryBytes + mmioHoleBytes <= 512 * rmpSegmentBytes,
  )

const total = (ranges: readonly { start: number; end: number }[]) => ranges.reduce((sum, { start, end }) => sum + end - start, 0)

describe('a planned host', () => {
  it('has the RAM it was bought with, and an RMP that Linux accepts', () => {
    fc.assert(
      fc.property(hosts, (spec) => {
        const { machine } = planHost(spec)
        expect(total(machine.ram)).toBe(spec.memoryBytes)
        expect(machine.layout && layoutProblem(machine.layout, machine.ram)).toBeUndefined()
      }),
    )
  })

  it('divides RAM without overlap: guests’, the host’s own, the RMP’s and the firmware’s', () => {
    fc.assert(
      fc.property(hosts, (spec) => {
        const { machine, usable, hostOwn, firmwareRanges } = planHost(spec)
        const own = machine.layout ? ownRanges(machine.layout) : []
        const all = [...usable, ...hostOwn, ...own, ...firmwareRanges].sort((a, b) => a.start - b.start)
        for (let i = 1; i < all.length; i++) expect(all[i].start).toBeGreaterThanOrEqual(all[i - 1].end)
        expect(total(all)).toBe(spec.memoryBytes)
        expect(all.every(({ start, end }) => machine.ram.some((ram) => start >= ram.start && end <= ram.end))).toBe(true)
      }),
    )
  })

  it('keeps the entries of each segment on the node whose memory they describe (§3 [K])', () => {
    const { machine } = planHost(venice)
    if (machine.layout?.kind !== 'segmented') throw new Error('venice-2s has a segmented RMP')
    const nodeOf = (spa: number) => machine.ram.find(({ start, end }) => spa >= start && spa < end)?.node
    machine.layout.segments.forEach(({ mappedGib, address }, segment) => {
      if (mappedGib > 0) expect(nodeOf(address)).toBe(nodeOf(Math.max(segment * venice.rmpSegmentBytes, machine.ram[0].start)))
    })
  })
})
