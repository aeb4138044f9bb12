import { assert, type Pfn } from '../arch/index.ts'
import type { Extent } from './memory/index.ts'

/** An SNP guest as KVM knows it. Its private memory is one guest_memfd file; guest page 0 is the file's first. */
export class Guest {
  readonly id: number
  readonly asid: number
  readonly vcpus: number
  /** Where its memory is, in guest order. */
  readonly memory: readonly Extent[]
  /** Pages of its memory. */
  readonly pages: number
  /** The context page, a kernel page. */
  readonly context: Pfn
  /** One page for each vCPU, kernel pages. */
  readonly vmsas: Pfn[] = []
  /** Guest pages below this have been made private on demand. */
  populated = 0
  readonly #starts: number[]
  #cursor = 0

  constructor(id: number, asid: number, vcpus: number, memory: readonly Extent[], context: Pfn) {
    this.id = id
    this.asid = asid
    this.vcpus = vcpus
    this.memory = memory
    this.context = context
    this.#starts = []
    let pages = 0
    for (const extent of memory) {
      this.#starts.push(pages)
      pages += extent.pages
    }
    this.pages = pages
  }

  /** The system page behind a guest page. Cheap when asked in order. */
  pfnOf(page: number): Pfn {
    const at = this.#locate(page)
    return this.memory[at].pfn + (page - this.#starts[at])
  }

  /** Guest pages from `page` on that lie contiguously in system memory. */
  contiguousFrom(page: number): number {
    const at = this.#locate(page)
    return this.#starts[at] + this.memory[at].pages - page
  }

  /** The system memory behind a range of guest pages, end exclusive. */
  extents(from: number, to: number): Extent[] {
    const result: Extent[] = []
    for (let page = from; page < to; ) {
      const pages = Math.min(this.contiguousFrom(page), to - page)
      result.push({ pfn: this.pfnOf(page), pages })
      page += pages
    }
    return result
  }

  /** Number of the extent that holds a guest page. */
  #locate(page: number): number {
    assert(page >= 0 && page < this.pages, 'the guest page exists')
    const starts = this.#starts
    let at = this.#cursor
    if (starts[at] > page || page >= starts[at] + this.memory[at].pages) {
      if (at + 1 < starts.length && starts[at + 1] <= page && page < starts[at + 1] + this.memory[at + 1].pages) at++
      else at = lastAtMost(starts, page)
      this.#cursor = at
    }
    return at
  }
}

/** Index of the last element that is at most `value`; the array ascends. */
function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (sorted[middle] <= value) low = middle
    else high = middle
  }
  return low
}
