import type { Ns, RegionIndex } from '../arch/index.ts'
import type { PolicyReplay } from '../sim/index.ts'

/** Moments at which the map is drawn. */
const MOMENTS = 120

/** What became of each region of one host over time: one character a region, as `RegionTimeMap` says. */
export class RegionMap {
  readonly rows: string[] = []
  readonly moments: readonly Ns[]
  readonly #host: PolicyReplay

  constructor(host: PolicyReplay) {
    this.#host = host
    this.moments = mapMoments(host.endNs)
  }

  look(): void {
    const { machine } = this.#host
    let row = ''
    for (let region = 0; region < machine.rmp.regions; region++) row += this.#stateOf(region)
    this.rows.push(row)
  }

  #stateOf(region: RegionIndex): string {
    const { machine, coverage } = this.#host
    const cores = machine.tables.sets[region].size
    if (!coverage.isReachable(region)) return '-'
    if (machine.rmp.assignedPages[region] > 0) return '#'
    return cores === 0 ? 'o' : cores < machine.topology.cores ? '+' : '*'
  }
}

export function mapMoments(endNs: Ns): Ns[] {
  return Array.from({ length: MOMENTS }, (_, i) => Math.round(((i + 0.5) * endNs) / MOMENTS))
}
