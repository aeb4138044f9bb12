import { expect, test } from 'vitest'
import { traceEndS, traceFromRows } from './index.ts'

const vm = { vcpus: 1, memoryGib: 1 }

test('A trace ends with its last known deletion', () => {
  const rows = [
    { ...vm, createdS: 0, deletedS: 100 },
    { ...vm, createdS: 5 },
  ]
  expect(traceEndS(traceFromRows(rows))).toBe(100)
})

test('A trace ends with its last creation when nothing is deleted after that', () => {
  const rows = [
    { ...vm, createdS: 0, deletedS: 100 },
    { ...vm, createdS: 500 },
  ]
  expect(traceEndS(traceFromRows(rows))).toBe(500)
})
