import type { FolioPool } from './pool.ts'
import type { Run } from './runs.ts'

/** A pool of folios for each NUMA node, or a single one for all of them. */
export class NodePools {
  private readonly nodes: readonly number[]
  private readonly pools: readonly FolioPool[]
  private readonly runs: readonly Run[]
  private readonly folioHuges: number

  /** @param runs which node a folio belongs to; sorted @param folioHuges huge pages of a folio */
  constructor(pools: ReadonlyMap<number, FolioPool>, runs: readonly Run[], folioHuges: number) {
    this.nodes = [...pools.keys()]
    this.pools = [...pools.values()]
    this.runs = runs
    this.folioHuges = folioHuges
  }

  get free(): number {
    let sum = 0
    for (const pool of this.pools) sum += pool.free
    return sum
  }

  /**
   * The pools in the order in which one caller tries them: its preferred node (by default the one with most free memory, lowest
   * first [A]), then the next higher ones, then from the lowest on. All other nodes are equally far [A], and
   * `find_next_best_node` prefers the next higher among those. [K]
   */
  inOrder(preferred = this.roomiest()): FolioPool[] {
    const from = this.nodes.findIndex((node) => node >= preferred)
    return from <= 0 ? [...this.pools] : [...this.pools.slice(from), ...this.pools.slice(0, from)]
  }

  /** Gives first .. end − 1 back, in this order, each to its node. */
  give(first: number, end: number): void {
    if (this.pools.length === 1) this.pools[0].give(first, end)
    else
      for (let folio = first; folio < end; ) {
        const run = this.runOf(folio * this.folioHuges)
        const stop = Math.min(end, Math.floor(run.end / this.folioHuges))
        this.pools[this.nodes.indexOf(run.node)].give(folio, stop)
        folio = stop
      }
  }

  private roomiest(): number {
    let best = 0
    for (let i = 1; i < this.pools.length; i++) if (this.pools[i].free > this.pools[best].free) best = i
    return this.nodes[best]
  }

  private runOf(huge: number): Run {
    return this.runs.find((run) => huge < run.end)!
  }
}
