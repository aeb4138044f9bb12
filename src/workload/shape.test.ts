import { describe, expect, test } from 'vitest'
import { GIB } from '../arch/index.ts'
import { describeTrace, traceFromRows } from './index.ts'

describe('The shape of a trace', () => {
  const trace = traceFromRows([
    { batchId: 'a', createdS: 0, deletedS: 100, vcpus: 1, memoryGib: 2 },
    { batchId: 'a', createdS: 0, deletedS: 110, vcpus: 1, memoryGib: 2 },
    { batchId: 'a', createdS: 0, deletedS: 300, vcpus: 2, memoryGib: 4 },
    { batchId: 'b', createdS: 100, vcpus: 1, memoryGib: 2 },
    { batchId: 'c', createdS: 700, vcpus: 4, memoryGib: 8 },
  ])
  const shape = describeTrace(trace)

  test('counts VMs and batches, up to the end of the 300 s step of the last arrival', () => {
    expect(shape).toMatchObject({ vms: 5, batches: 3, endS: 900, stillRunningShare: 2 / 5 })
    expect(shape.batchSize).toMatchObject({ mean: 5 / 3, singleShare: 2 / 3, max: 3, vmsInLargeShare: 0 })
  })

  test('tells how arrivals scatter over steps of 300 s', () => {
    // Steps of 4, 0 and 1 VMs: mean 5/3, variance 26/9.
    expect(shape.arrivals).toMatchObject({ vmsMean: 5 / 3, vmsMax: 4 })
    expect(shape.arrivals.vmsDispersion).toBeCloseTo(26 / 15)
  })

  test('lists flavours, the commonest first', () => {
    expect(shape.flavours).toEqual([
      { vcpus: 1, memoryGib: 2, share: 3 / 5 },
      { vcpus: 2, memoryGib: 4, share: 1 / 5 },
      { vcpus: 4, memoryGib: 8, share: 1 / 5 },
    ])
  })

  test('tells how alike the VMs of a batch are', () => {
    expect(shape.together.sameFlavourShare).toBeCloseTo(1 / 3)
    expect(shape.together.lifetimeCloseShare).toBeCloseTo(1 / 3)
  })

  test('tells lifetimes as far as they were seen', () => {
    expect(shape.lifetimesS).toMatchObject({ p5: 100, p25: 110, p50: 300, p75: undefined })
  })

  test('tells what is used at once, on average over time and at most', () => {
    expect(shape.usage).toEqual({
      memoryBytesPeak: 10 * GIB,
      vcpusPeak: 5,
      memoryBytesMean: ((200 + 220 + 1200 + 1600 + 1600) / 900) * GIB,
      vcpusMean: (100 + 110 + 600 + 800 + 800) / 900,
    })
  })
})
