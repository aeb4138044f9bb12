import { type RegionIndex, SUCCESS } from '../arch/index.ts'
import { ASSIGNED, type Machine, SIZE_2M } from '../machine/index.ts'
import { randomFrom } from '../workload/index.ts'

/** How full of assigned pages memory is made. */
export type RmpState =
  | { readonly name: 'empty' }
  /** One assigned 4K page at the start, or at the end, of every region. */
  | { readonly name: 'first-page' | 'last-page' }
  /** Every 2 MiB page assigned. */
  | { readonly name: 'every-page' }
  /** Each 2 MiB page assigned with this probability, 0 to 1. */
  | { readonly name: 'random'; readonly share: number }

/** Assigns pages, in no time, of what is not assigned yet and not fixed. SNP must be up. */
export function fillRmp(
  machine: Machine,
  { first, end }: { first: RegionIndex; end: RegionIndex },
  state: RmpState,
  seed = 1,
): void {
  const { regionPages } = machine.geometry
  const random = randomFrom(seed)
  for (let region = first; region < end; region++) {
    if (!machine.isRegionCovered(region)) continue
    if (state.name === 'first-page') assignPage(machine, region * regionPages)
    else if (state.name === 'last-page') assignPage(machine, (region + 1) * regionPages - 1)
    else if (state.name === 'every-page') assignHuges(machine, region, () => true)
    else if (state.name === 'random') assignHuges(machine, region, () => random.uniform() < state.share)
  }
}

function assignPage(machine: Machine, pfn: number): void {
  if (machine.rmp.bits(pfn) & ASSIGNED) return
  const input = { gpa: 0, assigned: true, size: '4K', immutable: false, asid: machine.asidMax } as const
  const outcome = machine.execute(0, { name: 'RMPUPDATE', rax: pfn * machine.geometry.pageBytes, input })
  if (outcome.kind !== 'done' || outcome.eax !== SUCCESS) throw new Error(`page ${pfn} cannot be assigned`)
}

function assignHuges({ rmp, tables, geometry, asidMax }: Machine, region: RegionIndex, wanted: () => boolean): void {
  const from = region * geometry.regionHuges
  const before = rmp.assignedPages[region]
  for (let huge = from; huge < from + geometry.regionHuges; huge++) {
    if (wanted() && rmp.isUniform(huge) && rmp.hugeBits(huge) === 0) rmp.setHuge(huge, ASSIGNED | SIZE_2M, asidMax, 0)
  }
  if (rmp.assignedPages[region] > before) tables.clear(region)
}
