import { assert, type Fault, NPF_ENC, NPF_FINAL, NPF_RMP, NPF_SIZEM, PF_PRESENT, PF_WRITE, type Pfn } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { ASSIGNED, IMMUTABLE, SIZE_2M } from '../rmp.ts'
import type { Faulted, GuestContext } from './types.ts'

/** The page a guest instruction works on, once the nested walk has passed: its number and the bits of its entry. */
export interface GuestPage {
  readonly pfn: Pfn
  readonly bits: number
}

/**
 * The RMP check that PVALIDATE, RMPADJUST and RMPQUERY share: the page must be assigned to this guest at this guest
 * address and be no firmware page; else the nested walk ends in #NPF with the RMP bit. Validated is not asked for. [APM]
 */
export function guestPage(machine: Machine, { asid, gpa, spa }: GuestContext): GuestPage | Faulted {
  const { rmp, geometry } = machine
  assert(gpa % geometry.pageBytes === 0 && spa % geometry.pageBytes === 0, 'guest operands are page aligned')
  if (!machine.isCovered(spa, geometry.pageBytes)) return npf(gpa, NPF_RMP)
  const pfn = spa / geometry.pageBytes
  const bits = rmp.bits(pfn)
  if (!(bits & ASSIGNED) || bits & IMMUTABLE || rmp.asid(pfn) !== asid) return npf(gpa, NPF_RMP)
  return rmp.gfn(pfn) + offsetInEntry(machine, pfn, bits) === gpa / geometry.pageBytes ? { pfn, bits } : npf(gpa, NPF_RMP)
}

/** #NPF on the final page of a private access, with the given reasons. */
export function npf(address: number, reason: number): Faulted {
  const fault: Fault = { vector: '#NPF', errorCode: PF_PRESENT + PF_WRITE + NPF_FINAL + NPF_ENC + reason, address }
  return { kind: 'fault', fault }
}

/** A guest works on a 4K piece of a 2M entry: the hypervisor has to PSMASH. [K] */
export function sizeMismatchFault(address: number): Faulted {
  return npf(address, NPF_RMP + NPF_SIZEM)
}

/** Pages between the first one of the entry that speaks for `pfn` and `pfn` itself. */
export function offsetInEntry(machine: Machine, pfn: Pfn, bits: number): number {
  return bits & SIZE_2M ? pfn % machine.geometry.hugePages : 0
}
