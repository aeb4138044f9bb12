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
    // Joined, not added up: a string that is added up keeps every part of it, and regions may be a million.
    this.rows.push(Array.from({ length: machine.rmp.regions }, (_, region) => this.#stateOf(region)).join(''))
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
