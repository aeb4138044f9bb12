import {
  type CpuId,
  type Fault,
  type Gpa,
  NPF_ENC,
  NPF_FINAL,
  NPF_RMP,
  NPF_SIZEM,
  NPF_TABLE,
  NPF_VMPL,
  PF_PRESENT,
  PF_RMP,
  PF_WRITE,
  type Pfn,
  type Spa,
} from '../arch/index.ts'
import { offsetInEntry } from './instructions/guest.ts'
import type { Machine } from './machine.ts'
import { ASSIGNED, IMMUTABLE, SIZE_2M, VALIDATED } from './rmp.ts'

/** A memory access, at the moment its translation is looked for. `mapping`: bytes that the page tables map at once. */
export type Access =
  | { readonly who: 'hypervisor' | 'ordinary guest'; readonly spa: Spa; readonly write: boolean; readonly mapping: number }
  | {
      readonly who: 'SNP guest'
      readonly spa: Spa
      readonly write: boolean
      readonly mapping: number
      readonly asid: number
      readonly vmpl: 0 | 1 | 2 | 3
      readonly gpa: Gpa
      /** C bit: private (1) or shared (0). */
      readonly isPrivate: boolean
      /** The access is the processor's own, walking the guest's page tables. */
      readonly tableWalk?: boolean
    }

export type AccessOutcome =
  /** `how`: the RMP was not to be looked at; skipped by RMPOPT; looked at and passed; or an earlier translation was used. */
  | { readonly kind: 'passed'; readonly how: 'no check' | 'skipped' | 'checked' | 'cached translation' }
  | { readonly kind: 'fault'; readonly fault: Fault }

/**
 * Makes an access. The RMP is consulted when a translation is established — a TLB fill, or an upgrade to writable — and
 * only on a CPU with SNP_EN [APM §15.36, L v9]; the rows are those of the reference, §5.
 */
export function access(machine: Machine, cpu: CpuId, a: Access): AccessOutcome {
  const key = keyOf(a)
  if (machine.tlb.find(cpu, key, a.spa, a.write) !== undefined) return { kind: 'passed', how: 'cached translation' }
  const checked = check(machine, cpu, a)
  if ('fault' in checked) return { kind: 'fault', fault: checked.fault }
  const { how, bytes } = checked
  const base = a.spa - (a.spa % bytes)
  machine.tlb.fill({ cpu, key, base, bytes, writable: a.write, unchecked: how === 'skipped' })
  return { kind: 'passed', how }
}

function keyOf(a: Access): string {
  return a.who === 'SNP guest' ? `ASID ${a.asid} VMPL ${a.vmpl} ${a.isPrivate ? 'private' : 'shared'} ${a.gpa - a.spa}` : 'host'
}

/** `bytes`: how much the translation may cover, given what was checked. */
type Checked = { readonly how: 'no check' | 'skipped' | 'checked'; readonly bytes: number } | { readonly fault: Fault }

function check(machine: Machine, cpu: CpuId, a: Access): Checked {
  if (!machine.snpOn(cpu)) return { how: 'no check', bytes: a.mapping }
  if (a.who === 'SNP guest') return checkSnpGuest(machine, a)
  if (!a.write) return { how: 'no check', bytes: a.mapping } // confidentiality is encryption's job [K]
  const { geometry, tables } = machine
  if (tables.isOptimised(machine.coreOf(cpu), a.spa)) return { how: 'skipped', bytes: Math.min(a.mapping, geometry.regionBytes) } // [L v1]
  const bytes = Math.min(a.mapping, geometry.hugeBytes) // a 1 GiB mapping is checked as 2 MiB ones [K]
  return isUnassigned(machine, a.spa, bytes) ? { how: 'checked', bytes } : { fault: violation(a) }
}

/** The hypervisor takes a #PF; for an ordinary guest the fault is one of the nested walk. [K] */
function violation({ who, spa }: Access): Fault {
  if (who === 'hypervisor') return { vector: '#PF', errorCode: PF_PRESENT + PF_WRITE + PF_RMP, address: spa }
  return { vector: '#NPF', errorCode: PF_PRESENT + PF_WRITE + NPF_RMP + NPF_FINAL, address: spa }
}

/** No page of the mapping around `spa` is assigned. Memory without RMP entries belongs to nobody. */
function isUnassigned(machine: Machine, spa: Spa, bytes: number): boolean {
  const { rmp, geometry } = machine
  const first = (spa - (spa % bytes)) / geometry.pageBytes
  for (let pfn = first; pfn < Math.min(first + bytes / geometry.pageBytes, rmp.pages); pfn++) {
    if (rmp.bits(pfn) & ASSIGNED) return false
  }
  return true
}

function checkSnpGuest(machine: Machine, a: Extract<Access, { who: 'SNP guest' }>): Checked {
  const { rmp, geometry } = machine
  const bytes = Math.min(a.mapping, geometry.hugeBytes)
  const access = PF_PRESENT + (a.write ? PF_WRITE : 0) + (a.tableWalk ? NPF_TABLE : NPF_FINAL) + (a.isPrivate ? NPF_ENC : 0)
  const refuse = (reason: number): Checked => ({ fault: { vector: '#NPF', errorCode: access + reason, address: a.gpa } })
  if (!a.isPrivate) {
    if (!a.write) return { how: 'no check', bytes }
    return isUnassigned(machine, a.spa, bytes) ? { how: 'checked', bytes } : refuse(NPF_RMP)
  }
  if (!machine.isCovered(a.spa, 1)) return refuse(NPF_RMP)
  const pfn: Pfn = Math.floor(a.spa / geometry.pageBytes)
  const bits = rmp.bits(pfn)
  if (!(bits & ASSIGNED) || bits & IMMUTABLE || rmp.asid(pfn) !== a.asid) return refuse(NPF_RMP)
  if (rmp.gfn(pfn) + offsetInEntry(machine, pfn, bits) !== Math.floor(a.gpa / geometry.pageBytes)) return refuse(NPF_RMP)
  const isLarge = a.mapping >= geometry.hugeBytes
  if (isLarge !== ((bits & SIZE_2M) !== 0)) return refuse(NPF_RMP + NPF_SIZEM) // on a 4K mapping of a 2M entry KVM runs PSMASH [K]
  if (!(bits & VALIDATED)) return refuse(NPF_RMP)
  const wanted = a.write ? 2 : 1
  if (!(rmp.permissions(pfn, a.vmpl) & wanted)) return refuse(NPF_RMP + NPF_VMPL) // [APM]
  return { how: 'checked', bytes: isLarge ? bytes : geometry.pageBytes }
}
