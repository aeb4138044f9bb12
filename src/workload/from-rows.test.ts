import { expect, test } from 'vitest'
import { GIB } from '../arch/index.ts'
import { traceFromRows } from './index.ts'

test('Rows of a program make a trace', () => {
  const trace = traceFromRows([
    { batchId: 'b', createdS: 5, vcpus: 2, memoryGib: 0.75 },
    { createdS: 0, deletedS: 7, vcpus: 1, memoryGib: 2 },
    { batchId: 'b', createdS: 5, deletedS: Number.POSITIVE_INFINITY, vcpus: 2, memoryGib: 4 },
  ])
  expect(trace).toEqual({
    name: 'rows',
    count: 3,
    batch: Int32Array.of(0, 1, 1),
    createdS: Float64Array.of(0, 5, 5),
    deletedS: Float64Array.of(7, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    vcpus: Uint16Array.of(1, 2, 2),
    memoryBytes: Float64Array.of(2 * GIB, 0.75 * GIB, 4 * GIB),
    skippedRows: 0,
  })
})

test('Without a batch, each VM is a batch of its own', () => {
  const row = { createdS: 0, vcpus: 1, memoryGib: 1 }
  expect([...traceFromRows([row, row, row]).batch]).toEqual([0, 1, 2])
})

test('A bad row is named by its number, in the words of the program', () => {
  const rows = [
    { createdS: 3, vcpus: 1, memoryGib: 1 },
    { createdS: 3, deletedS: 2, vcpus: 1, memoryGib: 1 },
  ]
  expect(() => traceFromRows(rows, 'my rows')).toThrow('my rows, row 2: deletedS 2 is before createdS 3; correct the row')
})
