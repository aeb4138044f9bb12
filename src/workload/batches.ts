import { type Cell, isBlank } from './row.ts'

/** Numbers batches from 0 in order of first appearance. */
export class BatchNumbers {
  private next = 0
  /** A JavaScript `Map` holds 2^24 keys at most, and a trace may have more batches. */
  private readonly maps: Map<string | number, number>[] = [new Map()]

  /** Number of the batch of that name; a blank name is a batch of its own each time. */
  numberOf(name: Cell): number {
    if (isBlank(name)) return this.next++
    const key = keyOf(String(name))
    for (const map of this.maps) {
      const known = map.get(key)
      if (known !== undefined) return known
    }
    if (this.maps[this.maps.length - 1].size >= KEYS_MAX) this.maps.push(new Map())
    this.maps[this.maps.length - 1].set(typeof key === 'string' ? detached(key) : key, this.next)
    return this.next++
  }
}

const KEYS_MAX = 2 ** 23

/** Most batches are named by plain numbers, which cost no string. */
function keyOf(name: string): string | number {
  return name.length <= 15 && PLAIN.test(name) ? Number(name) : name
}

const PLAIN = /^(0|[1-9]\d*)$/

/** A copy with memory of its own: V8 cuts a cell out of a chunk of the file as a view that keeps the whole chunk alive. */
function detached(text: string): string {
  return JSON.parse(JSON.stringify(text))
}
