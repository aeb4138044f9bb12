/**
 * The reference (§3, §4, §6) as plainly as it can be said: one entry a page, sets of cores, everything rescanned every time.
 * For tests to hold the machine against. CF and EAX are answered as the instructions answer them, `undefined` is a fault.
 */
import {
  type CoreId,
  FAIL_INPUT,
  FAIL_OVERLAP,
  FAIL_PERMISSION,
  FAIL_SIZEMISMATCH,
  type Geometry,
  type PageSize,
  type PageState,
  type Pfn,
  pageState,
  type RegionIndex,
  RMP_ENTRY_DEFAULT,
  type RmpEntry,
  type RmpoptBase,
  type RmpUpdateInput,
  type Spa,
  SUCCESS,
} from '../arch/index.ts'
import type { GuestContext, Machine } from '../machine/index.ts'

interface FirmwareEffect {
  readonly may: (entry: RmpEntry) => boolean
  readonly change?: Partial<RmpEntry>
  readonly size?: PageSize
}

export class PlainMachine {
  readonly entries: RmpEntry[]
  readonly optimised: Set<CoreId>[]
  readonly cached = new Set<RegionIndex>()
  readonly bases: RmpoptBase[]
  readonly guests = new Map<Pfn, { asid: number; state: 'init' | 'launching' | 'running' }>()
  readonly dirtyAsids = new Set<number>()
  readonly #geometry: Geometry
  readonly #reachBytes: number
  readonly #own: readonly { start: Spa; end: Spa }[]

  /** What a machine is that has just been through SNP_INIT_EX: the RMP's own pages are Firmware. */
  constructor({ geometry, rmp, rmpOwn, tables }: Machine) {
    this.#geometry = geometry
    this.#reachBytes = tables.reachBytes
    this.#own = rmpOwn
    this.entries = new Array(rmp.pages).fill(RMP_ENTRY_DEFAULT)
    for (const { start, end } of rmpOwn) {
      this.entries.fill(
        { ...RMP_ENTRY_DEFAULT, assigned: true, immutable: true },
        start / geometry.pageBytes,
        end / geometry.pageBytes,
      )
    }
    this.optimised = Array.from({ length: rmp.regions }, () => new Set())
    this.bases = [...tables.bases]
  }

  /** §6.2, §6.4–§6.7, §6.11, §6.12. */
  rmpopt(core: CoreId, region: RegionIndex, verify: boolean): { cf: boolean; summaries: number } | undefined {
    const { enabled, base } = this.bases[core]
    const { regionBytes, regionPages, hugePages, regionHuges } = this.#geometry
    if (!enabled) return undefined
    if (region * regionBytes < base || (region + 1) * regionBytes > base + this.#reachBytes) return { cf: false, summaries: 0 }
    if ((region + 1) * regionPages > this.entries.length) return { cf: false, summaries: 0 }
    if (!verify) return { cf: this.optimised[region].has(core), summaries: 0 }
    const first = this.firstAssigned(region)
    const summaries = this.cached.has(region) ? 0 : first < 0 ? regionHuges : Math.floor(first / hugePages) + 1
    if (first < 0) this.optimised[region].add(core)
    else this.optimised[region].delete(core)
    if (first < 0) this.cached.add(region)
    return { cf: first < 0, summaries }
  }

  /** §4, §6.8. */
  rmpupdate(pfn: Pfn, input: RmpUpdateInput): number {
    const pages = this.#pages(input.size)
    if (pfn % pages !== 0 || pfn + pages > this.entries.length) return FAIL_INPUT
    if (input.gpa % (pages * this.#geometry.pageBytes) !== 0) return FAIL_INPUT
    const old = this.entries.slice(pfn, pfn + pages)
    if (old.some(({ immutable }) => immutable)) return FAIL_PERMISSION
    if (old.some(({ assigned, size }) => assigned && size !== input.size)) return FAIL_OVERLAP
    this.entries.fill(input.assigned ? { ...RMP_ENTRY_DEFAULT, ...input } : RMP_ENTRY_DEFAULT, pfn, pfn + pages)
    if (input.assigned) this.#clear(pfn)
    this.cached.delete(Math.floor(pfn / this.#geometry.regionPages)) // §6.11 [A]
    return SUCCESS
  }

  /** §4, §6.8. */
  psmash(pfn: Pfn): number {
    const pages = this.#geometry.hugePages
    const entry = this.entries[pfn]
    if (pfn % pages !== 0 || entry?.size !== '2M') return FAIL_INPUT
    if (entry.immutable) return FAIL_PERMISSION
    for (let i = 0; i < pages; i++) {
      this.entries[pfn + i] = { ...entry, size: '4K', gpa: entry.asid === 0 ? 0 : entry.gpa + i * this.#geometry.pageBytes }
    }
    this.#clear(pfn)
    return SUCCESS
  }

  /** §4, §2. */
  pvalidate(
    { asid, gpa, spa, mapping }: GuestContext,
    size: PageSize,
    validate: boolean,
  ): { eax: number; cf: boolean } | undefined {
    const { pageBytes, hugePages } = this.#geometry
    const pfn = spa / pageBytes
    const pages = this.#pages(size)
    if ((gpa / pageBytes) % pages !== 0) return { eax: FAIL_INPUT, cf: false }
    const entry = this.entries[pfn]
    const within = entry.size === '2M' ? pfn % hugePages : 0
    if (!entry.assigned || entry.immutable || entry.asid !== asid || entry.gpa + within * pageBytes !== gpa) return undefined
    if (size === '2M' && (mapping === '4K' || entry.size === '4K')) return { eax: FAIL_SIZEMISMATCH, cf: false }
    if (size === '4K' && entry.size === '2M') return undefined
    if (entry.validated === validate) return { eax: SUCCESS, cf: true }
    this.entries.fill({ ...entry, validated: validate }, pfn - within, pfn - within + pages)
    return { eax: SUCCESS, cf: false }
  }

  /** Moving or disabling a table empties it [A]. */
  setBase(core: CoreId, base: RmpoptBase): void {
    if (base.enabled !== this.bases[core].enabled || base.base !== this.bases[core].base) {
      for (const cores of this.optimised) cores.delete(core)
    }
    this.bases[core] = base
  }

  /** §5, second row. */
  mayWrite(pfn: Pfn, mappedPages: number): boolean {
    const pages = Math.min(mappedPages, this.#geometry.hugePages)
    const first = pfn - (pfn % pages)
    return !this.entries.slice(first, first + pages).some(({ assigned }) => assigned)
  }

  /** What a firmware command does to a page (§4): from one of these states, if `may`, with that change. @returns whether it did */
  firmware(pfn: Pfn, from: readonly PageState[], { may, change = {}, size = '4K' }: FirmwareEffect): boolean {
    const { pageBytes } = this.#geometry
    const entry = this.entries[pfn]
    const isOwn = this.#own.some(({ start, end }) => pfn * pageBytes >= start && pfn * pageBytes < end)
    if (isOwn || pfn % this.#pages(size) !== 0 || entry.size !== size || !from.includes(pageState(entry)) || !may(entry))
      return false
    this.entries.fill({ ...entry, ...change }, pfn, pfn + this.#pages(size))
    return true
  }

  /** §6.13. */
  clearAll(): void {
    this.dirtyAsids.clear() // forgotten with the shutdown before
    for (const cores of this.optimised) cores.clear()
    this.cached.clear()
  }

  /** The first assigned page of a region, counted from its start; -1 none. */
  firstAssigned(region: RegionIndex): number {
    return this.#ofRegion(region).findIndex(({ assigned }) => assigned)
  }

  assignedPages(region: RegionIndex): number {
    return this.#ofRegion(region).filter(({ assigned }) => assigned).length
  }

  #ofRegion(region: RegionIndex): RmpEntry[] {
    return this.entries.slice(region * this.#geometry.regionPages, (region + 1) * this.#geometry.regionPages)
  }

  #clear(pfn: Pfn): void {
    const region = Math.floor(pfn / this.#geometry.regionPages)
    this.optimised[region].clear()
    this.cached.delete(region)
  }

  #pages(size: PageSize): number {
    return size === '2M' ? this.#geometry.hugePages : 1
  }
}
