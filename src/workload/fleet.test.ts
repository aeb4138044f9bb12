import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GIB, MIB } from '../arch/index.ts'
import {
  type FleetOptions,
  generateTrace,
  hostsNeeded,
  NOT_REQUESTED,
  placeFleet,
  REJECTED,
  type TraceRow,
  traceFromRows,
  UserError,
} from './index.ts'

const HOST: FleetOptions = { vcpusPerHost: 8, memoryBytesPerHost: 16 * GIB }
const vm = (createdS: number, deletedS: number | undefined, vcpus: number, memoryGib: number): TraceRow => ({
  createdS,
  deletedS,
  vcpus,
  memoryGib,
})
const hostOf = (rows: TraceRow[], hosts: number, options: Partial<FleetOptions> = {}) => [
  ...placeFleet(traceFromRows(rows), { ...HOST, ...options, hosts }).hostOf,
]

/** The rule as docs/workload.md tells it, host by host and VM by VM. */
function placedByTheBook(rows: readonly TraceRow[], hosts: number): number[] {
  const placed: { row: TraceRow; host: number }[] = []
  for (const row of rows.toSorted((a, b) => a.createdS - b.createdS)) {
    const here = placed.filter((other) => other.host >= 0 && (other.row.deletedS ?? Number.POSITIVE_INFINITY) > row.createdS)
    const choices = Array.from({ length: hosts }, (_, host) => {
      const on = here.filter((other) => other.host === host)
      const vcpus = 8 - row.vcpus - on.reduce((sum, other) => sum + other.row.vcpus, 0)
      const memory = 16 - row.memoryGib - on.reduce((sum, other) => sum + other.row.memoryGib, 0)
      return { host, vcpus, memory }
    }).filter(({ vcpus, memory }) => vcpus >= 0 && memory >= 0)
    choices.sort((a, b) => a.memory - b.memory || a.vcpus - b.vcpus || a.host - b.host)
    placed.push({ row, host: choices[0]?.host ?? REJECTED })
  }
  return placed.map(({ host }) => host)
}

const anyRow = fc
  .record({
    createdS: fc.nat(20),
    livesS: fc.option(fc.nat(10), { nil: undefined }),
    vcpus: fc.integer({ min: 1, max: 8 }),
    memoryGib: fc.integer({ min: 1, max: 16 }),
  })
  .map(({ createdS, livesS, vcpus, memoryGib }) =>
    vm(createdS, livesS === undefined ? undefined : createdS + livesS, vcpus, memoryGib),
  )
const anyRows = fc.array(anyRow, { minLength: 1, maxLength: 40 })

describe('Best fit', () => {
  test('takes the host with the least memory left', () => {
    expect(hostOf([vm(0, 5, 1, 12), vm(1, 9, 1, 8), vm(6, 9, 1, 12), vm(7, 9, 1, 4)], 2)).toEqual([0, 1, 0, 0])
  })

  test('of those, takes the one with the fewest vCPUs left', () => {
    expect(hostOf([vm(0, 9, 1, 12), vm(1, 9, 4, 12), vm(2, 9, 1, 1)], 2)).toEqual([0, 1, 1])
  })

  test('of those, takes the lowest number', () => {
    expect(hostOf([vm(0, 9, 8, 8), vm(1, 2, 8, 8), vm(3, 9, 4, 4)], 3)).toEqual([0, 1, 1])
    expect(hostOf([vm(0, 1, 1, 1), vm(2, 3, 1, 1)], 2)).toEqual([0, 0])
  })

  test('looks for room in vCPUs as well as in memory', () => {
    expect(hostOf([vm(0, 9, 8, 1), vm(1, 9, 1, 1)], 2)).toEqual([0, 1])
    expect(hostOf([vm(0, 9, 1, 16), vm(1, 9, 1, 1)], 2)).toEqual([0, 1])
  })

  test('rejects a VM for which no host has room, and goes on', () => {
    const trace = traceFromRows([vm(0, 9, 8, 1), vm(1, 9, 8, 1), vm(9, 10, 8, 1)])
    expect(placeFleet(trace, { ...HOST, hosts: 1 })).toEqual({
      hostOf: Int32Array.of(0, REJECTED, 0),
      requested: 3,
      placed: 2,
      rejected: 1,
      peakMemoryBytes: GIB,
      peakVcpus: 8,
    })
  })

  test('frees the room of a VM before the VMs created at the moment it is deleted, but not before itself', () => {
    expect(hostOf([vm(0, 5, 8, 16), vm(5, 5, 8, 16), vm(5, 6, 8, 16)], 1)).toEqual([0, 0, 0])
  })

  test('does what the book says, for any rows', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 6 }), (rows, hosts) => {
        expect(hostOf(rows, hosts)).toEqual(placedByTheBook(rows, hosts))
      }),
      { numRuns: 500 },
    )
  })
})

describe('A fleet', () => {
  test('takes only the VMs created before untilS', () => {
    const trace = traceFromRows([vm(0, 9, 1, 1), vm(4, 9, 1, 1), vm(5, 9, 1, 1)])
    expect(placeFleet(trace, { ...HOST, hosts: 1, untilS: 4 })).toMatchObject({
      hostOf: Int32Array.of(0, NOT_REQUESTED, NOT_REQUESTED),
      requested: 1,
      placed: 1,
      peakVcpus: 1,
    })
  })

  test('rounds memory up to whole units', () => {
    const rows = [vm(0, 9, 1, 8 + 1 / 1024), vm(1, 9, 1, 7.999)]
    expect(hostOf(rows, 1)).toEqual([0, 0])
    expect(hostOf(rows, 1, { roundBytes: 2 * MIB })).toEqual([0, REJECTED])
    expect(placeFleet(traceFromRows(rows), { ...HOST, hosts: 1, roundBytes: GIB }).peakMemoryBytes).toBe(9 * GIB)
  })

  test('refuses a VM larger than a host, naming it and what to do', () => {
    const trace = traceFromRows([vm(0, 9, 1, 1), vm(300, 900, 16, 112)])
    const attempt = () => placeFleet(trace, { ...HOST, hosts: 9 })
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow(
      'rows: VM 1 in order of arrival, created at 300 s, needs 16 vCPUs and 112 GiB, more than a whole host has (8 vCPUs and 16 GiB)',
    )
    expect(() => hostsNeeded(trace, HOST)).toThrow(UserError)
  })

  test('counts a VM larger than a host as rejected, when asked to', () => {
    const trace = traceFromRows([vm(0, 9, 9, 1), vm(0, 9, 1, 17), vm(0, 9, 1, 1)])
    expect(placeFleet(trace, { ...HOST, hosts: 2, oversized: 'reject' })).toMatchObject({ placed: 1, rejected: 2 })
    expect(hostsNeeded(trace, { ...HOST, oversized: 'reject' })).toBe(1)
  })

  test.each([
    { hosts: 0 },
    { hosts: 1.5 },
    { hosts: Number.NaN },
    { vcpusPerHost: 0 },
    { memoryBytesPerHost: -1 },
    { roundBytes: 0 },
  ])('refuses sizes that are none: %j', (options) => {
    const name = Object.keys(options)[0]
    expect(() => placeFleet(traceFromRows([vm(0, 9, 1, 1)]), { ...HOST, hosts: 1, ...options })).toThrow(
      new RegExp(`^${name} is `),
    )
  })

  test('is never over-committed, and its peaks are those of the VMs placed', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 6 }), (rows, hosts) => {
        const trace = traceFromRows(rows)
        const fleet = placeFleet(trace, { ...HOST, hosts })
        let peak = 0
        for (let now = 0; now < trace.count; now++) {
          const used = new Array(hosts).fill(0)
          for (let other = 0; other <= now; other++) {
            const gone = trace.deletedS[other] <= trace.createdS[now] && other !== now
            if (fleet.hostOf[other] >= 0 && !gone) used[fleet.hostOf[other]] += trace.memoryBytes[other]
          }
          for (const bytes of used) expect(bytes).toBeLessThanOrEqual(HOST.memoryBytesPerHost)
          peak = Math.max(
            peak,
            used.reduce((sum, bytes) => sum + bytes, 0),
          )
        }
        expect(fleet.peakMemoryBytes).toBe(peak)
        expect(fleet.placed + fleet.rejected).toBe(fleet.requested)
      }),
    )
  })
})

describe('The number of hosts needed', () => {
  test('rejects nothing, and one host less rejects something', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const trace = traceFromRows(rows)
        const hosts = hostsNeeded(trace, HOST)
        expect(placeFleet(trace, { ...HOST, hosts }).rejected).toBe(0)
        for (let fewer = 1; fewer < hosts; fewer++)
          expect(placeFleet(trace, { ...HOST, hosts: fewer }).rejected).toBeGreaterThan(0)
      }),
    )
  })

  test('counts only the VMs before untilS', () => {
    const trace = traceFromRows([vm(0, 9, 8, 1), vm(1, 9, 8, 1), vm(2, 9, 8, 1)])
    expect([1, 2, 3].map((untilS) => hostsNeeded(trace, { ...HOST, untilS }))).toEqual([1, 2, 3])
  })

  test('of a large trace is the smallest too', () => {
    const trace = generateTrace({ vms: 5000, durationS: 86_400 })
    const options = { vcpusPerHost: 64, memoryBytesPerHost: 256 * GIB, roundBytes: 2 * MIB }
    const hosts = hostsNeeded(trace, options)
    expect(placeFleet(trace, { ...options, hosts }).rejected).toBe(0)
    expect(placeFleet(trace, { ...options, hosts: hosts - 1 }).rejected).toBeGreaterThan(0)
  })
})
