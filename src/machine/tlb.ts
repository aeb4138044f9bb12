import type { CpuId, Geometry, Spa } from '../arch/index.ts'
import { AS_THEY_ARE, type Renaming, renamed, saveWide, type WordReader } from './snapshot.ts'

/** A cached translation. The model's virtual addresses are system physical ones: a translation is a range and a right. */
export interface Translation {
  readonly cpu: CpuId
  /** What it is a translation of: for another address space, guest address, C bit or VMPL it does not serve. */
  readonly key: string
  readonly base: Spa
  readonly bytes: number
  readonly writable: boolean
  /** The RMP was not looked at, because the region was optimised when the translation was filled. */
  readonly unchecked: boolean
}

/**
 * The TLBs of all CPUs: just enough to show why RMPUPDATE must also shoot down. A write that finds a writable translation
 * is not checked again [APM §15.36]; had RMPUPDATE only cleared the RMPOPT bit, it would still go through.
 */
export class Tlb {
  #translations: Translation[] = []
  /** Keys by the number they are saved under. */
  readonly #keys: string[] = []

  get translations(): readonly Translation[] {
    return this.#translations
  }

  find(cpu: CpuId, key: string, spa: Spa, write: boolean): Translation | undefined {
    return this.#translations.find(
      (t) => t.cpu === cpu && t.key === key && (t.writable || !write) && spa >= t.base && spa < t.base + t.bytes,
    )
  }

  fill(translation: Translation): void {
    this.#translations.push(translation)
  }

  /** Drops every translation that overlaps the range, on every CPU. @returns how many */
  shootDown(start: Spa, bytes: number): number {
    if (this.#translations.length === 0) return 0
    const kept = this.#translations.filter((t) => t.base + t.bytes <= start || t.base >= start + bytes)
    const dropped = this.#translations.length - kept.length
    this.#translations = kept
    return dropped
  }

  /** Drops everything, on one CPU or (without an argument) on all. */
  flush(cpu?: CpuId): void {
    this.#translations = cpu === undefined ? [] : this.#translations.filter((translation) => translation.cpu !== cpu)
  }

  /** Appends all translations; `names`: as if CPUs and regions were called otherwise. */
  save(to: number[], geometry: Geometry, names: Renaming = AS_THEY_ARE): void {
    const rows = this.#translations.map((t) => {
      const row = [names.cpu?.(t.cpu) ?? t.cpu, this.#numberOf(t.key), (t.writable ? 1 : 0) | (t.unchecked ? 2 : 0)]
      saveWide(row, renamed(t.base, geometry, names))
      saveWide(row, t.bytes)
      return row
    })
    to.push(rows.length, ...rows.sort(ascending).flat())
  }

  /** Takes on what `save` has written. */
  load(from: WordReader): void {
    this.#translations = Array.from({ length: from.next() }, () => {
      const [cpu, key, bits] = [from.next(), this.#keys[from.next()], from.next()]
      return { cpu, key, base: from.wide(), bytes: from.wide(), writable: (bits & 1) !== 0, unchecked: (bits & 2) !== 0 }
    })
  }

  #numberOf(key: string): number {
    const known = this.#keys.indexOf(key)
    return known >= 0 ? known : this.#keys.push(key) - 1
  }
}

function ascending(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((value, i) => value !== b[i])
  return differs < 0 ? 0 : a[differs] - b[differs]
}
