/**
 * ASIDs of SNP guests, as KVM hands them out: the lowest that was never used or has been flushed; freed ones wait for a
 * flush (`sev_asid_new`, `sev_asid_free`, `sev_reclaim_asid_bitmap`) [K].
 */
export class Asids {
  readonly #used: Uint8Array
  readonly #reclaim = new Set<number>()
  #hint = 1

  /** @param max ASIDs are 1 to this */
  constructor(max: number) {
    this.#used = new Uint8Array(max + 1)
  }

  /** The lowest free ASID; `undefined`: none, flush and reclaim first. */
  take(): number | undefined {
    const asid = this.#used.indexOf(0, this.#hint)
    if (asid < 0) return undefined
    this.#used[asid] = 1
    this.#hint = asid + 1
    return asid
  }

  /** The guest has ended; the ASID may be used again after a flush. */
  free(asid: number): void {
    this.#reclaim.add(asid)
  }

  /** After a flush. @returns whether there was anything to reclaim */
  reclaim(): boolean {
    const any = this.#reclaim.size > 0
    for (const asid of this.#reclaim) {
      this.#used[asid] = 0
      this.#hint = Math.min(this.#hint, asid)
    }
    this.#reclaim.clear()
    return any
  }
}
