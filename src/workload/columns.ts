import type { Row } from './row.ts'
import type { Trace } from './trace.ts'

/** The columns of a trace while it is read: they grow, and `finish` sorts and trims them. */
export class Columns {
  count = 0
  private batch = new Int32Array(CAPACITY)
  private createdS = new Float64Array(CAPACITY)
  private deletedS = new Float64Array(CAPACITY)
  private vcpus = new Uint16Array(CAPACITY)
  private memoryBytes = new Float64Array(CAPACITY)

  push(batch: number, row: Row): void {
    if (this.count === this.batch.length) this.grow()
    const vm = this.count++
    this.batch[vm] = batch
    this.createdS[vm] = row.createdS
    this.deletedS[vm] = row.deletedS
    this.vcpus[vm] = row.vcpus
    this.memoryBytes[vm] = row.memoryBytes
  }

  /** The columns sorted by creation, rows created together in the order they came, batches numbered in the new order. */
  finish(): Omit<Trace, 'name' | 'skippedRows'> {
    const order = arrivalOrder(this.createdS, this.count)
    return {
      count: this.count,
      batch: renumbered(ordered(this.batch, this.count, order)),
      createdS: ordered(this.createdS, this.count, order),
      deletedS: ordered(this.deletedS, this.count, order),
      vcpus: ordered(this.vcpus, this.count, order),
      memoryBytes: ordered(this.memoryBytes, this.count, order),
    }
  }

  private grow(): void {
    const length = 2 * this.count
    this.batch = enlarged(this.batch, new Int32Array(length))
    this.createdS = enlarged(this.createdS, new Float64Array(length))
    this.deletedS = enlarged(this.deletedS, new Float64Array(length))
    this.vcpus = enlarged(this.vcpus, new Uint16Array(length))
    this.memoryBytes = enlarged(this.memoryBytes, new Float64Array(length))
  }
}

const CAPACITY = 1024

type Column = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

function enlarged<C extends Column>(from: C, to: C): C {
  to.set(from)
  return to
}

/** Rows in order of creation, or `undefined` when they are in order already. */
function arrivalOrder(createdS: Float64Array, count: number): Uint32Array | undefined {
  let row = 1
  while (row < count && createdS[row] >= createdS[row - 1]) row++
  if (row >= count) return undefined
  return Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => createdS[a] - createdS[b] || a - b)
}

function ordered<C extends Column>(column: C, count: number, order: Uint32Array | undefined): C {
  const result = column.slice(0, count) as C
  if (order) for (let i = 0; i < count; i++) result[i] = column[order[i]]
  return result
}

function renumbered(batch: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(batch.reduce((most, number) => Math.max(most, number), -1) + 1).fill(-1)
  let next = 0
  for (let i = 0; i < batch.length; i++) {
    if (numbers[batch[i]] < 0) numbers[batch[i]] = next++
    batch[i] = numbers[batch[i]]
  }
  return batch
}
