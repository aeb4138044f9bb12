import { describe, expect, it } from 'vitest'
import { AMD64, GIB, geometry, KIB, MIB } from './index.ts'

describe('geometry', () => {
  it('of AMD64 has 4 KiB pages and 2 MiB huge pages of 512 (§3) [K]', () => {
    expect([AMD64.pageBytes, AMD64.hugeBytes, AMD64.hugePages]).toEqual([4 * KIB, 2 * MIB, 512])
  })

  it('of AMD64 has 1 GiB regions of 262144 pages in 512 huge pages (§6) [L v1, v2]', () => {
    expect([AMD64.regionBytes, AMD64.regionPages, AMD64.regionHuges]).toEqual([GIB, 262144, 512])
  })

  it('may be as small as two huge pages of three pages', () => {
    expect(geometry(4096, 3, 2)).toEqual({
      pageBytes: 4096,
      hugePages: 3,
      regionPages: 6,
      hugeBytes: 12288,
      regionBytes: 24576,
      regionHuges: 2,
    })
  })
})
