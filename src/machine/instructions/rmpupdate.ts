import {
  type CpuId,
  FAIL_INPUT,
  FAIL_INUSE,
  FAIL_OVERLAP,
  FAIL_PERMISSION,
  type Pfn,
  type RmpUpdateInput,
  SUCCESS,
} from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { ASSIGNED, IMMUTABLE, SIZE_2M } from '../rmp.ts'
import { code, GP, type Instruction, type Outcomes, type Steps, UD } from './types.ts'

/**
 * RMPUPDATE (F2 0F 01 FE): gives the page at RAX the state that the 16 bytes at RCX describe. The hypervisor's way to
 * assign a page to a guest and to take it back. When it assigns, the region loses its optimisation on every core before
 * the instruction completes. [K, APM, L v2]
 */
export function* rmpupdate(
  machine: Machine,
  cpu: CpuId,
  i: Extract<Instruction, { name: 'RMPUPDATE' }>,
): Steps<Outcomes['RMPUPDATE']> {
  const { rmp, geometry, locks, tables } = machine
  if (!machine.features.snp || !machine.snpOn(cpu)) return UD // [APM]
  if ((i.cpl ?? 0) > 0) return GP // [APM]
  const { input } = i
  const bytes = input.size === '2M' ? geometry.hugeBytes : geometry.pageBytes
  if (i.rax % bytes !== 0 || !machine.isCovered(i.rax, bytes)) return code(FAIL_INPUT) // [APM]
  if (input.gpa % bytes !== 0 || !isConsistent(machine, input)) return code(FAIL_INPUT) // [APM]

  const pfn: Pfn = i.rax / geometry.pageBytes
  const huge = rmp.hugeOf(pfn)
  yield 'lock'
  const other = locks.get(huge)
  if (other !== undefined) {
    // Another CPU is changing this very entry, or one that overlaps or neighbours it: Linux retries on the latter [K, APM].
    return code(other.rax === i.rax && other.size === input.size ? FAIL_INUSE : FAIL_OVERLAP)
  }
  locks.set(huge, { rax: i.rax, size: input.size })
  const refusal = refuse(machine, pfn, input)
  if (refusal !== undefined) {
    locks.delete(huge)
    return code(refusal)
  }

  yield 'write'
  const asid = input.assigned ? input.asid : 0
  const gfn = input.assigned ? input.gpa / geometry.pageBytes : 0
  const bits = (input.assigned ? ASSIGNED : 0) | (input.immutable ? IMMUTABLE : 0)
  if (input.size === '2M')
    rmp.setHuge(huge, bits === 0 ? 0 : bits | SIZE_2M, asid, gfn) // validated and vmsa become 0 [APM]
  else rmp.setPage(pfn, bits, asid, gfn)

  rmp.dropPermissions(pfn, bytes / geometry.pageBytes) // [APM]

  if (input.assigned) yield 'broadcast' // [seed, L v2]; de-assigning needs no clear (§6.8)
  if (input.assigned) tables.clear(machine.regionOf(i.rax))
  else tables.dropResult(machine.regionOf(i.rax)) // [A §6.11]
  yield 'shoot down'
  machine.tell.shotDown(machine.tlb.shootDown(i.rax, bytes))
  locks.delete(huge)
  return code(SUCCESS)
}

/** Whether the new state is one of the table in §4 that RMPUPDATE may make. */
function isConsistent(machine: Machine, { assigned, immutable, asid, gpa }: RmpUpdateInput): boolean {
  if (asid > machine.asidMax) return false
  return assigned || (asid === 0 && gpa === 0 && !immutable)
}

/** Why the entries as they are do not allow the update, if they do not. */
function refuse(machine: Machine, pfn: Pfn, input: RmpUpdateInput): typeof FAIL_PERMISSION | typeof FAIL_OVERLAP | undefined {
  const { rmp, geometry } = machine
  if (input.size === '4K') {
    const bits = rmp.bits(pfn)
    if (bits & IMMUTABLE) return FAIL_PERMISSION // [APM]
    return bits & SIZE_2M ? FAIL_OVERLAP : undefined // a 2M entry must be split first [APM]
  }
  const huge = rmp.hugeOf(pfn)
  if (rmp.isUniform(huge)) {
    const bits = rmp.hugeBits(huge)
    if (bits & IMMUTABLE) return FAIL_PERMISSION
    return bits & ASSIGNED && !(bits & SIZE_2M) ? FAIL_OVERLAP : undefined // 512 assigned 4K entries are in the way [APM]
  }
  let overlap = false
  for (let page = pfn; page < pfn + geometry.hugePages; page++) {
    const bits = rmp.bits(page)
    if (bits & IMMUTABLE) return FAIL_PERMISSION
    if (bits & ASSIGNED) overlap = true
  }
  return overlap ? FAIL_OVERLAP : undefined
}
