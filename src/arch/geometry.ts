import { KIB } from './units.ts'

/**
 * How pages, huge pages and regions nest. The architecture fixes it (`AMD64`); it is a parameter so that an exhaustive
 * search can run the same code on two regions of two huge pages of two pages.
 */
export interface Geometry {
  /** Bytes of a page, the unit of one RMP entry. */
  readonly pageBytes: number
  /** Pages of a huge page, the largest that one RMP entry describes. */
  readonly hugePages: number
  /** Pages of an RMPOPT region. */
  readonly regionPages: number
  /** Bytes of a huge page. */
  readonly hugeBytes: number
  /** Bytes of an RMPOPT region. */
  readonly regionBytes: number
  /** Huge pages of a region. */
  readonly regionHuges: number
}

/** @param pageBytes bytes of a page @param hugePages pages of a huge page @param regionHuges huge pages of a region */
export function geometry(pageBytes: number, hugePages: number, regionHuges: number): Geometry {
  const hugeBytes = pageBytes * hugePages
  return {
    pageBytes,
    hugePages,
    regionPages: hugePages * regionHuges,
    hugeBytes,
    regionBytes: hugeBytes * regionHuges,
    regionHuges,
  }
}

/** 4 KiB pages, 2 MiB huge pages [K], 1 GiB RMPOPT regions [L v1]. */
export const AMD64: Geometry = geometry(4 * KIB, 512, 512)
