import type { RegionIndex } from '../arch/index.ts'

/** A bitmap of regions, taken as a whole: who takes it leaves it empty. */
export class RegionMarks {
  readonly #marks = new Set<RegionIndex>()

  /** `test_and_set_bit` @returns whether it was not marked before */
  add(region: RegionIndex): boolean {
    const before = this.#marks.size
    return this.#marks.add(region).size > before
  }

  /** The marked regions, ascending; they are marked no more (`xchg`, word by word). */
  take(): RegionIndex[] {
    const marked = this.marked
    this.#marks.clear()
    return marked
  }

  /** The marked regions, ascending. */
  get marked(): RegionIndex[] {
    return [...this.#marks].sort((a, b) => a - b)
  }
}
