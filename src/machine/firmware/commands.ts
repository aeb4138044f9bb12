import type { Geometry, Gpa, Spa, SpaRange } from '../../arch/index.ts'
import { AS_THEY_ARE, type Renaming, renamed, type WordReader } from '../snapshot.ts'

/** Commands of the SEV-SNP firmware, as far as they touch the RMP. [APM: SEV-SNP firmware ABI, document 56860] */
export type FirmwareCommand =
  | {
      readonly name: 'SNP_INIT_EX'
      /** Memory that the firmware keeps for itself (the TMR and other firmware pages). */
      readonly firmwareRanges: readonly SpaRange[]
      /** Memory that the OS lists as the hypervisor's for good. */
      readonly hvFixedRanges: readonly SpaRange[]
    }
  /** `x86SnpShutdown`: newer firmware, which also clears SNP_EN on all cores. Without it: the legacy kind. */
  | { readonly name: 'SNP_SHUTDOWN_EX'; readonly x86SnpShutdown: boolean }
  | { readonly name: 'SNP_GCTX_CREATE'; readonly context: Spa }
  /** Binds the guest to an ASID. */
  | { readonly name: 'SNP_ACTIVATE'; readonly context: Spa; readonly asid: number }
  | { readonly name: 'SNP_LAUNCH_UPDATE'; readonly context: Spa; readonly page: Spa; readonly gpa: Gpa; readonly vmsa: boolean }
  | { readonly name: 'SNP_LAUNCH_FINISH'; readonly context: Spa }
  | { readonly name: 'SNP_DECOMMISSION'; readonly context: Spa }
  | { readonly name: 'SNP_PAGE_RECLAIM'; readonly page: Spa; readonly size: '4K' | '2M' }
  /** Makes one 2M entry of 512 alike 4K ones. */
  | { readonly name: 'SNP_PAGE_UNSMASH'; readonly page: Spa }
  | { readonly name: 'SNP_DF_FLUSH' }

/** Status codes, by the firmware ABI's names. [APM] */
export type FirmwareStatus =
  | 'SUCCESS'
  | 'INVALID_PLATFORM_STATE'
  | 'INVALID_GUEST_STATE'
  | 'INVALID_PAGE_STATE'
  | 'INVALID_PAGE_SIZE'
  | 'INVALID_CONFIG'
  | 'INVALID_ADDRESS'
  | 'INVALID_PARAM'
  | 'INVALID_GUEST'
  | 'ACTIVE'
  | 'DFFLUSH_REQUIRED'

/** A guest as the firmware knows it. */
export interface FirmwareGuest {
  asid: number
  state: 'init' | 'launching' | 'running'
}

/** What the security processor remembers. */
export class FirmwareState {
  initialised = false
  /** Guests by the SPA of their context page. The bits of an entry cannot tell Context from Firmware; this can. */
  readonly guests = new Map<Spa, FirmwareGuest>()
  /** ASIDs that were used and may not be again before caches are flushed. */
  readonly dirtyAsids = new Set<number>()

  /** Appends all of it; `names`: as if regions were called otherwise. */
  save(to: number[], geometry: Geometry, names: Renaming = AS_THEY_ARE): void {
    to.push(this.initialised ? 1 : 0, this.guests.size)
    const guests = [...this.guests].map(([context, guest]) => ({ ...guest, context: renamed(context, geometry, names) }))
    for (const { context, asid, state } of guests.sort((a, b) => a.context - b.context)) {
      to.push(context / geometry.pageBytes, asid, GUEST_STATES.indexOf(state))
    }
    to.push(this.dirtyAsids.size, ...[...this.dirtyAsids].sort((a, b) => a - b))
  }

  /** Takes on what `save` has written. */
  load(from: WordReader, { pageBytes }: Geometry): void {
    this.initialised = from.next() === 1
    this.guests.clear()
    for (let left = from.next(); left > 0; left--) {
      this.guests.set(from.next() * pageBytes, { asid: from.next(), state: GUEST_STATES[from.next()] })
    }
    this.dirtyAsids.clear()
    for (let left = from.next(); left > 0; left--) this.dirtyAsids.add(from.next())
  }
}

const GUEST_STATES: readonly FirmwareGuest['state'][] = ['init', 'launching', 'running']
