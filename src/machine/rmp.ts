import {
  assert,
  type Geometry,
  type HugeIndex,
  type Pfn,
  type RegionIndex,
  RMP_ENTRY_DEFAULT,
  type RmpEntry,
  type RmpReadForm,
} from '../arch/index.ts'
import { AS_THEY_ARE, namedAs, type Renaming, saveWide, type WordReader } from './snapshot.ts'

/** Bits of the compact form of an entry. All zero: the default, a page of the hypervisor. */
export const ASSIGNED = 1
export const SIZE_2M = 2
export const IMMUTABLE = 4
export const VALIDATED = 8
export const VMSA = 16
const MIXED = 128

/** Words of a huge page in `#huges`, and which is which. */
const WORDS = 4
const ASID = 1
const GFN_LOW = 2
const GFN_HIGH = 3
const WORD = 2 ** 32

/** The pages of a huge page that do not all have the same state. */
interface MixedHuge {
  readonly bits: Uint8Array
  readonly asid: Uint16Array
  readonly gfn: Float64Array
  assigned: number
}

/**
 * The contents of the Reverse Map Table: for every page who owns it.
 *
 * State is kept per huge page: either one 2M entry, or 4K entries that all say the same of consecutive guest pages, or
 * (only then with a record per page) a mixture. A count of assigned pages per region is kept incrementally.
 */
export class Rmp {
  readonly geometry: Geometry
  readonly pages: number
  readonly regions: number
  /** Assigned pages of each region. */
  readonly assignedPages: Int32Array
  /** Of each huge page, side by side because they are wanted together: bits, ASID, guest frame number (low and high word). */
  readonly #huges: Uint32Array
  readonly #mixed = new Map<HugeIndex, MixedHuge>()
  /** Of pages that RMPADJUST touched: 4 bits of rights for each VMPL, VMPL 0 lowest. */
  readonly #permissions = new Map<Pfn, number>()
  /** Of each region the first huge page with an assigned page, counted from the region's start; -1 none, -2 not known. */
  readonly #firstAssigned: Int32Array
  readonly #changed: (region: RegionIndex, before: number, after: number) => void

  /** @param changed is told whenever the number of assigned pages of a region changes */
  constructor(geometry: Geometry, pages: number, changed: (region: RegionIndex, before: number, after: number) => void) {
    const huges = Math.ceil(pages / geometry.hugePages)
    this.geometry = geometry
    this.pages = pages
    this.regions = Math.ceil(pages / geometry.regionPages)
    this.assignedPages = new Int32Array(this.regions)
    this.#huges = new Uint32Array(huges * WORDS)
    this.#firstAssigned = new Int32Array(this.regions).fill(-1)
    this.#changed = changed
  }

  /** What the RMP says of a page: a 2M entry speaks for its 512 pages [K]. */
  entry(pfn: Pfn): RmpEntry {
    const bits = this.bits(pfn)
    if (bits === 0) return RMP_ENTRY_DEFAULT
    return {
      assigned: (bits & ASSIGNED) !== 0,
      size: (bits & SIZE_2M) !== 0 ? '2M' : '4K',
      immutable: (bits & IMMUTABLE) !== 0,
      validated: (bits & VALIDATED) !== 0,
      vmsa: (bits & VMSA) !== 0,
      asid: this.asid(pfn),
      gpa: this.gfn(pfn) * this.geometry.pageBytes,
    }
  }

  /** What stands in the slot of a page: behind the first page of a 2M entry the slots are empty [K]. */
  slot(pfn: Pfn): RmpEntry {
    return (this.bits(pfn) & SIZE_2M) !== 0 && pfn % this.geometry.hugePages !== 0 ? RMP_ENTRY_DEFAULT : this.entry(pfn)
  }

  /** A page's slot in the architectural form, with the summary of its huge page. */
  readForm(pfn: Pfn): RmpReadForm {
    const { gpa, assigned, size, immutable, asid } = this.slot(pfn)
    return { gpa, assigned, size, immutable, asid, hpageRegionStatus: this.hugeAssigned(this.hugeOf(pfn)) > 0 }
  }

  bits(pfn: Pfn): number {
    const huge = this.hugeOf(pfn)
    const bits = this.#huges[huge * WORDS]
    return bits === MIXED ? this.#detail(huge).bits[pfn % this.geometry.hugePages] : bits
  }

  asid(pfn: Pfn): number {
    const huge = this.hugeOf(pfn)
    const at = huge * WORDS
    return this.#huges[at] === MIXED ? this.#detail(huge).asid[pfn % this.geometry.hugePages] : this.#huges[at + ASID]
  }

  /** Guest frame number; of a page behind the first one of a 2M entry, that of the entry: the RMP has no other. */
  gfn(pfn: Pfn): number {
    const huge = this.hugeOf(pfn)
    const within = pfn % this.geometry.hugePages
    const at = huge * WORDS
    const bits = this.#huges[at]
    if (bits === MIXED) return this.#detail(huge).gfn[within]
    const first = this.#huges[at + GFN_HIGH] * WORD + this.#huges[at + GFN_LOW]
    return (bits & SIZE_2M) !== 0 || this.#huges[at + ASID] === 0 ? first : first + within
  }

  /** Whether all pages of a huge page have the same state; then `hugeBits` is that state. */
  isUniform(huge: HugeIndex): boolean {
    return this.#huges[huge * WORDS] !== MIXED
  }

  hugeBits(huge: HugeIndex): number {
    const bits = this.#huges[huge * WORDS]
    assert(bits !== MIXED, 'the pages of the huge page agree')
    return bits
  }

  /** Assigned pages of a huge page. */
  hugeAssigned(huge: HugeIndex): number {
    const bits = this.#huges[huge * WORDS]
    if (bits === MIXED) return this.#detail(huge).assigned
    return (bits & ASSIGNED) !== 0 ? this.geometry.hugePages : 0
  }

  /** The first huge page of a region with an assigned page, counted from the region's start; -1: there is none. */
  firstAssignedHuge(region: RegionIndex): number {
    if (this.#firstAssigned[region] === -2) this.#firstAssigned[region] = this.#findFirstAssigned(region)
    return this.#firstAssigned[region]
  }

  hugeOf(pfn: Pfn): HugeIndex {
    return Math.floor(pfn / this.geometry.hugePages)
  }

  /** Gives one page its own 4K state. A 2M entry over it must have been split before. */
  setPage(pfn: Pfn, bits: number, asid: number, gfn: number): void {
    this.setPages(pfn, 1, bits, asid, gfn)
  }

  /** The same for consecutive pages of one huge page, guest pages counting along where there is a guest. */
  setPages(pfn: Pfn, pages: number, bits: number, asid: number, gfn: number): void {
    const huge = this.hugeOf(pfn)
    const within = pfn - huge * this.geometry.hugePages
    assert((this.#huges[huge * WORDS] & SIZE_2M) === 0, 'a page inside a 2M entry has no state of its own')
    assert(within + pages <= this.geometry.hugePages, 'the pages lie in one huge page')
    const detail = this.#huges[huge * WORDS] === MIXED ? this.#detail(huge) : this.#mix(huge)
    let assigned = 0
    for (let i = within; i < within + pages; i++) {
      assigned += (bits & ASSIGNED) - (detail.bits[i] & ASSIGNED)
      detail.bits[i] = bits
      detail.asid[i] = asid
      detail.gfn[i] = asid === 0 ? gfn : gfn + i - within
    }
    detail.assigned += assigned
    this.#count(huge, assigned)
    if (detail.assigned === 0 || detail.assigned === this.geometry.hugePages) this.#unmix(huge, detail)
  }

  /** Gives all pages of a huge page the same state: one 2M entry, or 4K entries of consecutive guest pages. */
  setHuge(huge: HugeIndex, bits: number, asid: number, gfn: number): void {
    const before = this.hugeAssigned(huge)
    if (this.#huges[huge * WORDS] === MIXED) this.#mixed.delete(huge)
    this.#write(huge, bits, asid, gfn)
    this.#count(huge, ((bits & ASSIGNED) !== 0 ? this.geometry.hugePages : 0) - before)
  }

  /** Rights of a VMPL on a page: VMPL 0 has all four, the others what RMPADJUST gave them [APM]. */
  permissions(pfn: Pfn, vmpl: 0 | 1 | 2 | 3): number {
    return vmpl === 0 ? 0xf : ((this.#permissions.get(pfn) ?? 0) >>> (4 * vmpl)) & 0xf
  }

  setPermissions(pfn: Pfn, pages: number, vmpl: 1 | 2 | 3, rights: number): void {
    for (let page = pfn; page < pfn + pages; page++) {
      const others = (this.#permissions.get(page) ?? 0) & ~(0xf << (4 * vmpl))
      this.#permissions.set(page, others | (rights << (4 * vmpl)))
    }
  }

  /** RMPUPDATE takes the rights of VMPL 1 to 3 away [APM]. */
  dropPermissions(pfn: Pfn, pages: number): void {
    if (this.#permissions.size === 0) return
    for (let page = pfn; page < pfn + pages; page++) this.#permissions.delete(page)
  }

  /** Everything to the default: all pages are the hypervisor's. */
  zero(): void {
    this.#huges.fill(0)
    this.#mixed.clear()
    this.#permissions.clear()
    this.#firstAssigned.fill(-1)
    for (let region = 0; region < this.regions; region++) {
      const before = this.assignedPages[region]
      this.assignedPages[region] = 0
      if (before !== 0) this.#changed(region, before, 0)
    }
  }

  /** Appends all entries and the rights of VMPLs; `names`: as if regions were called otherwise. */
  save(to: number[], names: Renaming = AS_THEY_ARE): void {
    const { regionHuges, regionPages } = this.geometry
    const calledSo = namedAs(names.region, this.regions)
    for (let name = 0; name < this.#huges.length / WORDS; name++) {
      const region = Math.floor(name / regionHuges)
      const ahead = region - calledSo(region)
      this.#saveHuge(to, name - ahead * regionHuges, ahead * regionPages)
    }
    const rights = [...this.#permissions].flatMap(([pfn, given]) => {
      const region = Math.floor(pfn / regionPages)
      return given === 0 ? [] : [[pfn + ((names.region?.(region) ?? region) - region) * regionPages, given]]
    })
    to.push(rights.length, ...rights.sort(([a], [b]) => a - b).flat())
  }

  /** @param ahead how many guest pages further than it is an assigned page is said to be */
  #saveHuge(to: number[], huge: HugeIndex, ahead: number): void {
    const at = huge * WORDS
    const shifted = (asid: number, gfn: number) => (asid === 0 ? gfn : gfn + ahead)
    if (this.#huges[at] !== MIXED) {
      const asid = this.#huges[at + ASID]
      to.push(this.#huges[at] | 0, asid)
      saveWide(to, shifted(asid, this.#huges[at + GFN_HIGH] * WORD + this.#huges[at + GFN_LOW]))
      return
    }
    to.push(MIXED | 0, 0, 0, 0)
    const { bits, asid, gfn } = this.#detail(huge)
    for (let page = 0; page < bits.length; page++) {
      to.push(bits[page], asid[page])
      saveWide(to, shifted(asid[page], gfn[page]))
    }
  }

  /** Takes on what `save` has written; nobody is told of changed counts. */
  load(from: WordReader): void {
    const { hugePages, regionHuges } = this.geometry
    this.#mixed.clear()
    this.#permissions.clear()
    this.assignedPages.fill(0)
    for (let huge = 0; huge < this.#huges.length / WORDS; huge++) {
      for (let word = huge * WORDS; word < (huge + 1) * WORDS; word++) this.#huges[word] = from.next()
      if (this.#huges[huge * WORDS] === MIXED) this.#mixed.set(huge, loadMixed(from, hugePages))
      this.assignedPages[Math.floor(huge / regionHuges)] += this.hugeAssigned(huge)
    }
    for (let left = from.next(); left > 0; left--) this.#permissions.set(from.next(), from.next())
    for (let region = 0; region < this.regions; region++) this.#firstAssigned[region] = this.assignedPages[region] === 0 ? -1 : -2
  }

  #count(huge: HugeIndex, delta: number): void {
    if (delta === 0) return
    const { regionHuges } = this.geometry
    const region = Math.floor(huge / regionHuges)
    const within = huge - region * regionHuges
    const before = this.assignedPages[region]
    const after = before + delta
    this.assignedPages[region] = after
    const first = this.#firstAssigned[region]
    if (after === 0) this.#firstAssigned[region] = -1
    else if (delta > 0) {
      if (first === -1 || (first !== -2 && within < first)) this.#firstAssigned[region] = within
    } else if (first === within) this.#firstAssigned[region] = -2
    this.#changed(region, before, after)
  }

  #findFirstAssigned(region: RegionIndex): number {
    const { regionHuges } = this.geometry
    const start = region * regionHuges
    const end = Math.min(start + regionHuges, this.#huges.length / WORDS)
    for (let huge = start; huge < end; huge++) if (this.hugeAssigned(huge) > 0) return huge - start
    return -1
  }

  #write(huge: HugeIndex, bits: number, asid: number, gfn: number): void {
    const at = huge * WORDS
    this.#huges[at] = bits
    this.#huges[at + ASID] = asid
    this.#huges[at + GFN_LOW] = gfn
    this.#huges[at + GFN_HIGH] = gfn / WORD
  }

  #detail(huge: HugeIndex): MixedHuge {
    return this.#mixed.get(huge) as MixedHuge
  }

  #mix(huge: HugeIndex): MixedHuge {
    const { hugePages } = this.geometry
    const base = huge * hugePages
    const detail: MixedHuge = {
      bits: new Uint8Array(hugePages).fill(this.#huges[huge * WORDS]),
      asid: new Uint16Array(hugePages).fill(this.#huges[huge * WORDS + ASID]),
      gfn: Float64Array.from({ length: hugePages }, (_, i) => this.gfn(base + i)),
      assigned: this.hugeAssigned(huge),
    }
    this.#mixed.set(huge, detail)
    this.#huges[huge * WORDS] = MIXED
    return detail
  }

  #unmix(huge: HugeIndex, { bits, asid, gfn }: MixedHuge): void {
    const step = asid[0] === 0 ? 0 : 1
    for (let i = 1; i < bits.length; i++) {
      if (bits[i] !== bits[0] || asid[i] !== asid[0] || gfn[i] !== gfn[0] + i * step) return
    }
    this.#mixed.delete(huge)
    this.#write(huge, bits[0], asid[0], gfn[0])
  }
}

function loadMixed(from: WordReader, hugePages: number): MixedHuge {
  const bits = new Uint8Array(hugePages)
  const asid = new Uint16Array(hugePages)
  const gfn = new Float64Array(hugePages)
  let assigned = 0
  for (let page = 0; page < hugePages; page++) {
    bits[page] = from.next()
    asid[page] = from.next()
    gfn[page] = from.wide()
    assigned += bits[page] & ASSIGNED
  }
  return { bits, asid, gfn, assigned }
}
