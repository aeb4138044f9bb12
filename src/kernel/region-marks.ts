import type { RegionIndex } from '../arch/index.ts'

/** A bitmap of regions, taken as a whole: who takes it leaves it empty. */
export class RegionMarks {
  readonly #marks = new Set<RegionIndex>()

  add(region: RegionIndex): void {
    this.#marks.add(region)
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
