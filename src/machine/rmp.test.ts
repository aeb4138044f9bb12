import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AMD64, type Geometry, geometry, RMP_ENTRY_DEFAULT } from '../arch/index.ts'
import { ASSIGNED, IMMUTABLE, Rmp, SIZE_2M, VALIDATED, VMSA } from './index.ts'

const silent = () => {}

describe('Rmp (§3)', () => {
  it('of zeroes: every page is the hypervisor’s (§4) [K]', () => {
    const rmp = new Rmp(geometry(4096, 4, 4), 40, silent)
    expect([rmp.pages, rmp.regions]).toEqual([40, 3])
    for (let pfn = 0; pfn < 40; pfn++) expect(rmp.entry(pfn)).toEqual(RMP_ENTRY_DEFAULT)
    expect([...rmp.assignedPages]).toEqual([0, 0, 0])
    expect([0, 1, 2].map((region) => rmp.firstAssignedHuge(region))).toEqual([-1, -1, -1])
  })

  it('a 2M entry speaks for its pages, and lives at the first page’s slot [K]', () => {
    const rmp = new Rmp(geometry(4096, 4, 4), 16, silent)
    rmp.setHuge(1, ASSIGNED | SIZE_2M | VALIDATED, 6, 100)
    const entry = { assigned: true, size: '2M', immutable: false, validated: true, vmsa: false, asid: 6, gpa: 100 * 4096 }
    for (const pfn of [4, 5, 6, 7]) expect(rmp.entry(pfn)).toEqual(entry)
    expect([4, 5, 6, 7].map((pfn) => rmp.slot(pfn).assigned)).toEqual([true, false, false, false])
  })

  it('4K entries given at once are those of consecutive guest pages', () => {
    const rmp = new Rmp(geometry(4096, 4, 4), 16, silent)
    rmp.setHuge(1, ASSIGNED | VMSA | IMMUTABLE, 6, 100)
    expect([4, 5, 6, 7].map((pfn) => rmp.entry(pfn).gpa / 4096)).toEqual([100, 101, 102, 103])
    expect(rmp.entry(7)).toMatchObject({ size: '4K', immutable: true, vmsa: true, asid: 6 })
  })

  it('pages that differ make a huge page mixed; when they agree again it is uniform', () => {
    const rmp = new Rmp(geometry(4096, 4, 4), 16, silent)
    expect(rmp.isUniform(0)).toBe(true)
    for (const pfn of [3, 1, 0]) {
      rmp.setPage(pfn, ASSIGNED, 2, 50 + pfn)
      expect(rmp.isUniform(0)).toBe(false)
    }
    rmp.setPage(2, ASSIGNED, 2, 52)
    expect(rmp.isUniform(0)).toBe(true)
    expect(rmp.hugeBits(0)).toBe(ASSIGNED)
    expect([0, 1, 2, 3].map((pfn) => rmp.gfn(pfn))).toEqual([50, 51, 52, 53])
    for (const pfn of [0, 1, 2, 3]) rmp.setPage(pfn, 0, 0, 0)
    expect(rmp.isUniform(0)).toBe(true)
    expect(rmp.hugeBits(0)).toBe(0)
  })

  it('stays mixed when only bits agree: other owners or scattered guest pages are not uniform', () => {
    const rmp = new Rmp(geometry(4096, 2, 4), 16, silent)
    rmp.setPage(0, ASSIGNED, 1, 10)
    rmp.setPage(1, ASSIGNED, 2, 11)
    expect(rmp.isUniform(0)).toBe(false)
    rmp.setPage(1, ASSIGNED, 1, 12)
    expect(rmp.isUniform(0)).toBe(false)
    expect([rmp.gfn(0), rmp.gfn(1)]).toEqual([10, 12])
  })

  it('asserts that nobody asks for the state of a mixed huge page, or changes a piece of a 2M entry', () => {
    const rmp = new Rmp(geometry(4096, 4, 4), 16, silent)
    rmp.setPage(0, ASSIGNED, 1, 0)
    rmp.setHuge(1, ASSIGNED | SIZE_2M, 1, 0)
    expect(() => rmp.hugeBits(0)).toThrow('assertion failed')
    expect(() => rmp.setPage(5, 0, 0, 0)).toThrow('assertion failed')
  })

  it('says which huge page of a region is the first with an assigned page, also after that one was taken back', () => {
    const rmp = new Rmp(AMD64, AMD64.regionPages * 2, silent)
    rmp.setPage(AMD64.regionPages + 511 * 512 + 511, ASSIGNED, 1, 0)
    rmp.setHuge(512 + 100, ASSIGNED | SIZE_2M, 1, 0)
    rmp.setPage(AMD64.regionPages + 7 * 512, ASSIGNED, 1, 0)
    expect([rmp.firstAssignedHuge(0), rmp.firstAssignedHuge(1)]).toEqual([-1, 7])
    rmp.setPage(AMD64.regionPages + 7 * 512, IMMUTABLE, 0, 0) // HV-Fixed is not assigned
    expect(rmp.firstAssignedHuge(1)).toBe(100)
    rmp.setHuge(512 + 100, 0, 0, 0)
    expect(rmp.firstAssignedHuge(1)).toBe(511)
    rmp.setPage(AMD64.regionPages + 511 * 512 + 511, 0, 0, 0)
    expect(rmp.firstAssignedHuge(1)).toBe(-1)
  })

  it('keeps the rights of each VMPL on each page apart; VMPL 0 has all [APM]', () => {
    const rmp = new Rmp(geometry(4096, 4, 4), 16, silent)
    rmp.setPermissions(4, 2, 1, 0b0011)
    rmp.setPermissions(5, 1, 3, 0b1000)
    rmp.setPermissions(5, 1, 1, 0b0101)
    const rights = (pfn: number) => ([0, 1, 2, 3] as const).map((vmpl) => rmp.permissions(pfn, vmpl))
    expect([rights(3), rights(4), rights(5), rights(6)]).toEqual([
      [15, 0, 0, 0],
      [15, 3, 0, 0],
      [15, 5, 0, 8],
      [15, 0, 0, 0],
    ])
    rmp.dropPermissions(4, 1)
    expect([rights(4), rights(5)]).toEqual([
      [15, 0, 0, 0],
      [15, 5, 0, 8],
    ])
  })

  it('zeroed is as new, and says that nothing is assigned any more', () => {
    const told: number[][] = []
    const rmp = new Rmp(geometry(4096, 4, 4), 32, (...change) => told.push(change))
    rmp.setPage(1, ASSIGNED, 1, 1)
    rmp.setHuge(5, ASSIGNED | SIZE_2M, 1, 1)
    rmp.setPermissions(1, 1, 1, 3)
    told.length = 0
    rmp.zero()
    for (let pfn = 0; pfn < 32; pfn++) expect(rmp.entry(pfn)).toEqual(RMP_ENTRY_DEFAULT)
    expect([...rmp.assignedPages, rmp.firstAssignedHuge(0), rmp.firstAssignedHuge(1), rmp.permissions(1, 1)]).toEqual([
      0, 0, -1, -1, 0,
    ])
    expect(told).toEqual([
      [0, 1, 0],
      [1, 4, 0],
    ])
  })
})

/** What is stored of a page, plainly. */
interface Plain {
  bits: number
  asid: number
  gfn: number
}
type Op = {
  readonly huge: boolean
  readonly at: number
  readonly pages: number
  readonly bits: number
  readonly asid: number
  readonly gfn: number
}

const opsFor = (pages: number): fc.Arbitrary<Op[]> =>
  fc.array(
    fc
      .record({
        huge: fc.boolean(),
        at: fc.nat(pages - 1),
        pages: fc.constantFrom(1, 1, 2, 4),
        bits: fc.constantFrom(
          0,
          0,
          ASSIGNED,
          ASSIGNED,
          ASSIGNED | VALIDATED,
          IMMUTABLE,
          ASSIGNED | IMMUTABLE,
          ASSIGNED | SIZE_2M,
        ),
        asid: fc.constantFrom(0, 1, 1, 2),
        gfn: fc.nat(3),
      })
      // Neighbours of one guest often have consecutive guest pages: only then may a huge page become uniform again.
      .map((op) => (op.bits === 0 ? { ...op, asid: 0, gfn: 0 } : { ...op, gfn: op.gfn === 0 && op.asid !== 0 ? op.at : op.gfn }))
      .map((op) => (op.huge ? op : { ...op, bits: op.bits & ~SIZE_2M })),
    { maxLength: 40 },
  )

/** Does to a plain array what `Rmp` is asked to do. @returns whether it may be asked */
function applyPlainly(plain: Plain[], g: Geometry, op: Op): boolean {
  const first = op.at - (op.at % g.hugePages)
  if (!op.huge) {
    if (plain[op.at].bits & SIZE_2M) return false
    const end = Math.min(op.at + op.pages, first + g.hugePages)
    for (let pfn = op.at; pfn < end; pfn++) {
      plain[pfn] = { bits: op.bits, asid: op.asid, gfn: op.asid === 0 ? op.gfn : op.gfn + pfn - op.at }
    }
    return true
  }
  const step = op.bits & SIZE_2M || op.asid === 0 ? 0 : 1
  for (let i = 0; i < g.hugePages; i++) plain[first + i] = { bits: op.bits, asid: op.asid, gfn: op.gfn + i * step }
  return true
}

function apply(rmp: Rmp, { huge, at, pages, bits, asid, gfn }: Op): void {
  const { hugePages } = rmp.geometry
  if (huge) rmp.setHuge(Math.floor(at / hugePages), bits, asid, gfn)
  else if (pages === 1) rmp.setPage(at, bits, asid, gfn)
  else rmp.setPages(at, Math.min(pages, hugePages - (at % hugePages)), bits, asid, gfn)
}

describe('Rmp against a plain array of pages', () => {
  for (const g of [geometry(4096, 2, 2), geometry(4096, 4, 3), geometry(4096, 1, 2)]) {
    it(`says the same of every page, counts the same, tells the same (${g.hugePages} × ${g.regionHuges})`, () => {
      const pages = g.regionPages * 3
      fc.assert(
        fc.property(opsFor(pages), (ops) => {
          const told: [number, number, number][] = []
          const rmp = new Rmp(g, pages, (...change) => told.push(change))
          const plain: Plain[] = Array.from({ length: pages }, () => ({ bits: 0, asid: 0, gfn: 0 }))
          const counted = (region: number) =>
            plain.slice(region * g.regionPages, (region + 1) * g.regionPages).filter(({ bits }) => bits & ASSIGNED).length
          for (const op of ops) {
            const before = [0, 1, 2].map(counted)
            if (!applyPlainly(plain, g, op)) continue
            told.length = 0
            apply(rmp, op)

            const after = [0, 1, 2].map(counted)
            expect(told).toEqual([0, 1, 2].filter((r) => before[r] !== after[r]).map((r) => [r, before[r], after[r]]))
            expect([...rmp.assignedPages]).toEqual(after)
            expect(plain.map((_, pfn) => ({ bits: rmp.bits(pfn), asid: rmp.asid(pfn), gfn: rmp.gfn(pfn) }))).toEqual(plain)
            for (let region = 0; region < 3; region++) expect(rmp.firstAssignedHuge(region)).toBe(rescan(plain, g, region))
            for (let huge = 0; huge * g.hugePages < pages; huge++) {
              const mine = plain.slice(huge * g.hugePages, (huge + 1) * g.hugePages)
              expect(rmp.hugeAssigned(huge)).toBe(mine.filter(({ bits }) => bits & ASSIGNED).length)
            }
          }
        }),
      )
    })
  }

  it('is not asked less by being asked less often for the first assigned page', () => {
    const g = geometry(4096, 2, 8)
    const pages = g.regionPages
    fc.assert(
      fc.property(opsFor(pages), (ops) => {
        const rmp = new Rmp(g, pages, silent)
        const plain: Plain[] = Array.from({ length: pages }, () => ({ bits: 0, asid: 0, gfn: 0 }))
        for (const op of ops) {
          if (!applyPlainly(plain, g, op)) continue
          apply(rmp, op)
        }
        expect(rmp.firstAssignedHuge(0)).toBe(rescan(plain, g, 0))
      }),
    )
  })
})

function rescan(plain: readonly Plain[], g: Geometry, region: number): number {
  const first = plain.findIndex(({ bits }, pfn) => Math.floor(pfn / g.regionPages) === region && bits & ASSIGNED)
  return first < 0 ? -1 : Math.floor((first - region * g.regionPages) / g.hugePages)
}
