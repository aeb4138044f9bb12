import { assert, type Pfn } from '../../arch/index.ts'
import type { Extent, PhysicalMemory } from '../../kernel/index.ts'
import type { WordReader } from '../../machine/index.ts'

/** What a page is used for. A huge page that holds kernel pages holds nothing else. */
const FREE = 0
const GUESTS = 1
const KERNELS = 2
const KERNELS_SPARE = 3

/**
 * The memory of a machine of few pages, first fit from the bottom: placement `lowest` with backing `2m`, so small that all of its state can be
 * saved. Memory of guests is whole huge pages.
 */
export class SmallMemory implements PhysicalMemory {
  readonly folioPages: number
  readonly #uses: Uint8Array

  /** @param pages usable ones, from 0 on; whole huge pages of `hugePages` */
  constructor(pages: number, hugePages: number) {
    assert(pages % hugePages === 0, 'memory is whole huge pages')
    this.folioPages = hugePages
    this.#uses = new Uint8Array(pages)
  }

  get freePages(): number {
    return this.#uses.filter((use) => use === FREE || use === KERNELS_SPARE).length
  }

  get guestPages(): number {
    return this.#uses.filter((use) => use === FREE).length
  }

  allocateGuest(pages: number): Extent[] | undefined {
    const wanted = Math.ceil(pages / this.folioPages) * this.folioPages
    if (this.guestPages < wanted) return undefined
    const extents: { pfn: Pfn; pages: number }[] = []
    for (let left = wanted; left > 0; left -= this.folioPages) {
      const pfn = this.#takeHuge(GUESTS)
      const last = extents.at(-1)
      if (last !== undefined && last.pfn + last.pages === pfn) last.pages += this.folioPages
      else extents.push({ pfn, pages: this.folioPages })
    }
    return extents
  }

  freeGuest(extents: readonly Extent[]): void {
    for (const { pfn, pages } of extents) {
      assert(pfn % this.folioPages === 0 && pages % this.folioPages === 0, 'an extent is made of whole folios')
      for (let page = pfn; page < pfn + pages; page++) {
        assert(this.#uses[page] === GUESTS, 'a guest holds what it gives back')
        this.#uses[page] = FREE
      }
    }
  }

  allocateKernelPage(): Pfn | undefined {
    if (!this.#uses.includes(KERNELS_SPARE)) {
      if (this.guestPages === 0) return undefined
      this.#takeHuge(KERNELS_SPARE)
    }
    const page = this.#uses.indexOf(KERNELS_SPARE)
    this.#uses[page] = KERNELS
    return page
  }

  freeKernelPage(pfn: Pfn): void {
    assert(this.#uses[pfn] === KERNELS, `the kernel holds page ${pfn}`)
    this.#uses[pfn] = KERNELS_SPARE
    const first = pfn - (pfn % this.folioPages)
    const huge = this.#uses.subarray(first, first + this.folioPages)
    if (!huge.includes(KERNELS)) huge.fill(FREE)
  }

  save(to: number[]): void {
    to.push(...this.#uses)
  }

  load(from: WordReader): void {
    for (let page = 0; page < this.#uses.length; page++) this.#uses[page] = from.next()
  }

  #takeHuge(use: number): Pfn {
    const pfn = this.#uses.indexOf(FREE)
    assert(pfn >= 0 && pfn % this.folioPages === 0, 'free memory is whole huge pages')
    this.#uses.fill(use, pfn, pfn + this.folioPages)
    return pfn
  }
}
