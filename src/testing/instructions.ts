/** Shorthand for instructions and for looking at what they did. All test geometries have 4 KiB pages. */
import { type Gpa, type PageSize, type PageState, type Pfn, pageState, type RegionIndex } from '../arch/index.ts'
import {
  type Access,
  ASSIGNED,
  type GuestContext,
  IMMUTABLE,
  type Instruction,
  type Machine,
  members,
  SIZE_2M,
  VALIDATED,
} from '../machine/index.ts'

type Only<Name extends Instruction['name']> = Extract<Instruction, { name: Name }>

export const PAGE = 4096

/** RMPOPT(verify and report) of a region. */
export function verify(machine: Machine, region: RegionIndex): Only<'RMPOPT'> {
  return { name: 'RMPOPT', rax: region * machine.geometry.regionBytes, rcx: 0 }
}

/** RMPOPT(report) of a region. */
export function report(machine: Machine, region: RegionIndex): Only<'RMPOPT'> {
  return { name: 'RMPOPT', rax: region * machine.geometry.regionBytes, rcx: 1 }
}

export interface Assignment {
  readonly asid?: number
  readonly gpa?: Gpa
  readonly size?: PageSize
  readonly immutable?: boolean
}

/** RMPUPDATE that assigns a page, by default to guest 1, at a guest address equal to the page's own. */
export function assign(
  pfn: Pfn,
  { asid = 1, gpa = asid === 0 ? 0 : pfn * PAGE, size = '4K', immutable = false }: Assignment = {},
) {
  const input = { assigned: true, asid, gpa, size, immutable }
  return { name: 'RMPUPDATE', rax: pfn * PAGE, input } as const satisfies Only<'RMPUPDATE'>
}

/** RMPUPDATE that makes a page the hypervisor's. */
export function share(pfn: Pfn, size: PageSize = '4K') {
  const input = { assigned: false, asid: 0, gpa: 0, size, immutable: false }
  return { name: 'RMPUPDATE', rax: pfn * PAGE, input } as const satisfies Only<'RMPUPDATE'>
}

export function psmash(pfn: Pfn): Only<'PSMASH'> {
  return { name: 'PSMASH', rax: pfn * PAGE }
}

/** A guest's view of a page that `assign` gave it. */
export function guestOf(pfn: Pfn, over: Partial<GuestContext> = {}): GuestContext {
  return { asid: 1, vmpl: 0, gpa: pfn * PAGE, spa: pfn * PAGE, mapping: '4K', ...over }
}

/** PVALIDATE by the guest that `assign` gave the page to. */
export function pvalidate(pfn: Pfn, validate = true, size: PageSize = '4K', over: Partial<GuestContext> = {}): Only<'PVALIDATE'> {
  return { name: 'PVALIDATE', guest: guestOf(pfn, { mapping: size, ...over }), size, validate }
}

/** The rows of the table in §4, by their bits; the firmware alone knows which Firmware pages are contexts. */
export const STATE_BITS = {
  Hypervisor: { bits: 0, asid: 0 },
  'HV-Fixed': { bits: IMMUTABLE, asid: 0 },
  Firmware: { bits: ASSIGNED | IMMUTABLE, asid: 0 },
  Reclaim: { bits: ASSIGNED, asid: 0 },
  'Pre-Guest': { bits: ASSIGNED | IMMUTABLE, asid: 1 },
  'Guest-Invalid': { bits: ASSIGNED, asid: 1 },
  'Guest-Valid': { bits: ASSIGNED | VALIDATED, asid: 1 },
  'Pre-Swap': { bits: ASSIGNED | VALIDATED | IMMUTABLE, asid: 1 },
} as const satisfies Partial<Record<PageState, { bits: number; asid: number }>>

export type StateWithBits = keyof typeof STATE_BITS
export const STATES = Object.keys(STATE_BITS) as StateWithBits[]
export const IMMUTABLE_STATES: readonly StateWithBits[] = ['HV-Fixed', 'Firmware', 'Pre-Guest', 'Pre-Swap']

/** Puts a page, or with size 2M the huge page it begins, into a state, past all instructions; a guest sees it at its own address. */
export function put(
  machine: Machine,
  pfn: Pfn,
  state: StateWithBits,
  size: PageSize = '4K',
  asid: number = STATE_BITS[state].asid,
) {
  const { bits } = STATE_BITS[state]
  const gfn = asid === 0 ? 0 : pfn
  if (size === '4K') machine.rmp.setPage(pfn, bits, asid, gfn)
  else machine.rmp.setHuge(machine.rmp.hugeOf(pfn), bits | SIZE_2M, asid, gfn)
}

/** The state of a page by its bits. */
export function stateOf(machine: Machine, pfn: Pfn): PageState {
  return pageState(machine.rmp.entry(pfn))
}

/** The cores that have a region optimised, ascending. */
export function coresWith(machine: Machine, region: RegionIndex): number[] {
  return [...members(machine.optimisedOn(region))]
}

type GuestAccess = Extract<Access, { who: 'SNP guest' }>

/** A private write of guest 1 to a page that it sees at its system address. */
export function guestAccess(pfn: Pfn, over: Partial<GuestAccess> = {}): GuestAccess {
  return {
    who: 'SNP guest',
    spa: pfn * PAGE,
    gpa: pfn * PAGE,
    write: true,
    mapping: PAGE,
    asid: 1,
    vmpl: 0,
    isPrivate: true,
    ...over,
  }
}
