import type { WordReader } from '../machine/index.ts'
import { Lock } from './sync.ts'

/**
 * ASIDs of SNP guests, as KVM hands them out: the lowest that was never used or has been flushed; freed ones wait for a
 * flush (`sev_asid_bitmap`, `sev_reclaim_asid_bitmap`) [K].
 */
export class Asids {
  /** `sev_bitmap_lock`: held by whoever takes or frees, also while caches are flushed. */
  readonly lock = new Lock('sev_bitmap_lock')
  readonly #used: Uint8Array
  readonly #reclaimable = new Set<number>()
  #hint = 1

  /** @param max ASIDs are 1 to this */
  constructor(max: number) {
    this.#used = new Uint8Array(max + 1)
  }

  /** The lowest free ASID; `undefined`: none. */
  take(): number | undefined {
    const asid = this.#used.indexOf(0, this.#hint)
    if (asid < 0) return undefined
    this.#used[asid] = 1
    this.#hint = asid + 1
    return asid
  }

  /** The guest has ended; the ASID may be used again after a flush. */
  free(asid: number): void {
    this.#reclaimable.add(asid)
  }

  get isWorthFlushing(): boolean {
    return this.#reclaimable.size > 0
  }

  /** Caches have been flushed: what was freed before may be used again. */
  recycle(): void {
    for (const asid of this.#reclaimable) {
      this.#used[asid] = 0
      this.#hint = Math.min(this.#hint, asid)
    }
    this.#reclaimable.clear()
  }

  /** Appends its state, the lock's too; meant for few ASIDs. */
  save(to: number[]): void {
    this.lock.save(to)
    to.push(this.#hint, ...this.#used, this.#reclaimable.size, ...[...this.#reclaimable].sort((a, b) => a - b))
  }

  /** Takes on what `save` has written. */
  load(from: WordReader): void {
    this.lock.load(from)
    this.#hint = from.next()
    for (let asid = 0; asid < this.#used.length; asid++) this.#used[asid] = from.next()
    this.#reclaimable.clear()
    for (let left = from.next(); left > 0; left--) this.#reclaimable.add(from.next())
  }
}
