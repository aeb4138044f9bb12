import { type CpuId, RMPOPT_REPORT, RMPOPT_VERIFY_AND_REPORT } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { GP, type Instruction, type Outcomes, type RmpoptDone, type Steps, UD, type UnspecifiedBehaviour } from './types.ts'

/**
 * RMPOPT (F2 0F 01 FC): lets this core skip RMP checks in the 1 GiB region at RAX, after verifying that no page of it is
 * assigned (RCX = 0), or only says whether it does (RCX = 1). CF = 1: the region is optimised on this core. [L v7]
 */
export function* rmpopt(machine: Machine, cpu: CpuId, i: Extract<Instruction, { name: 'RMPOPT' }>): Steps<Outcomes['RMPOPT']> {
  const { tables, rmp, geometry, topology, options } = machine
  const core = topology.coreOf(cpu)
  if (!machine.features.rmpopt || !machine.snpOn(cpu) || !tables.bases[core].enabled) return UD // [L v6; without SNP_EN: A §6.4]
  if ((i.cpl ?? 0) > 0) return GP // [A §6.4]
  if (i.rcx !== RMPOPT_VERIFY_AND_REPORT && i.rcx !== RMPOPT_REPORT) return unspecified(machine, cpu, `RCX = ${i.rcx}`)
  if (i.rax % geometry.regionBytes !== 0) return unspecified(machine, cpu, `RAX = 0x${i.rax.toString(16)} is not aligned`)

  const region = machine.regionOf(i.rax)
  if (!tables.reaches(core, region) || !machine.isRegionCovered(region)) {
    if (options.outOfReach === 'unspecified') return unspecified(machine, cpu, `RAX = 0x${i.rax.toString(16)} is out of reach`)
    return answer(false, 'out of reach', 0) // [A §6.7]
  }
  if (i.rcx === RMPOPT_REPORT) return answer(tables.isOptimised(core, i.rax), 'reported', 0) // [L v1]

  tables.open(cpu, region, topology.coreSets.of([core]))
  yield 'look up'
  const cached = tables.cached[region] === 1 // [L v2–v4]
  let summaries = 0
  if (!cached) {
    const first = region * geometry.regionHuges
    for (let huge = first; huge < first + geometry.regionHuges; huge++) {
      yield 'read summary' // the 512 summaries, not 262144 entries [L v2]
      summaries++
      if (rmp.hugeAssigned(huge) > 0) {
        tables.fail(cpu) // stops at the first assigned one [L v2]
        return answer(false, 'scanned', summaries)
      }
    }
  }
  yield 'publish'
  return answer(tables.publish(cpu), cached ? 'cached' : 'scanned', summaries)
}

function answer(cf: boolean, how: RmpoptDone['how'], summaries: number): RmpoptDone {
  return { kind: 'done', cf, how, summaries }
}

function unspecified(machine: Machine, cpu: CpuId, operand: string): UnspecifiedBehaviour {
  const diagnostic: UnspecifiedBehaviour = { kind: 'unspecified', instruction: 'RMPOPT', operand, section: '§6.7' }
  machine.tell.unspecified(cpu, diagnostic)
  return diagnostic
}
