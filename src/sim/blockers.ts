import type { Pfn } from '../arch/index.ts'
import type { Machine } from '../machine/index.ts'

/** Regions that cannot be optimised at a moment, by what stands in the way. Mean over the moments it was asked. */
export interface Blocked {
  /** Regions blocked by at most 16, 512, 32 768 (an eighth of a region) and more assigned pages. */
  readonly byPages: [upTo16: number, upTo512: number, upToEighth: number, more: number]
  /** Of them: blocked by nothing but the RMP itself and firmware; by nothing but guests' context and VMSA pages. */
  platformOnly: number
  kernelPagesOnly: number
}

export const nothingBlocked = (): Blocked => ({ byPages: [0, 0, 0, 0], platformOnly: 0, kernelPagesOnly: 0 })

/** Looks at what blocks regions now and then. */
export class Blockers {
  readonly sum: Blocked = nothingBlocked()
  samples = 0
  readonly #machine: Machine
  /** Assigned pages of the platform, of each region. */
  readonly #platform: Float64Array
  /** Kernel pages in use (context, VMSA), of each region. */
  readonly #kernelPages: Float64Array

  constructor(machine: Machine) {
    this.#machine = machine
    this.#platform = new Float64Array(machine.rmp.regions)
    this.#kernelPages = new Float64Array(machine.rmp.regions)
  }

  /** What is assigned now, before any guest, is the platform's own. */
  markPlatform(): void {
    this.#platform.set(this.#machine.rmp.assignedPages)
  }

  kernelPage(pfn: Pfn, sign: 1 | -1): void {
    this.#kernelPages[Math.floor(pfn / this.#machine.geometry.regionPages)] += sign
  }

  sample(): void {
    const { assignedPages, regions } = this.#machine.rmp
    this.samples++
    for (let region = 0; region < regions; region++) {
      const assigned = assignedPages[region]
      if (assigned === 0) continue
      this.sum.byPages[assigned <= 16 ? 0 : assigned <= 512 ? 1 : assigned <= this.#machine.geometry.regionPages / 8 ? 2 : 3]++
      const guests = assigned - this.#platform[region]
      if (guests === 0) this.sum.platformOnly++
      else if (guests <= this.#kernelPages[region]) this.sum.kernelPagesOnly++
    }
  }
}
