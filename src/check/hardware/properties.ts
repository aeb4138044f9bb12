import { type CpuId, MSR_RMPOPT_BASE, type Pfn, type RegionIndex, SUCCESS } from '../../arch/index.ts'
import { ASSIGNED, has, type Machine, VALIDATED } from '../../machine/index.ts'
import type { Answer, Operation } from './operation.ts'

/** A step that has completed an operation: the machine is as it was right after. */
export interface Completed {
  readonly machine: Machine
  readonly cpu: CpuId
  readonly operation: Operation
  readonly answer: Answer
}

/** What must be true of the hardware. Each says one thing, and is asked in one of two ways. */
export type HardwareProperty = { readonly name: string; readonly sentence: string } & (
  | {
      /** Of a region, in every state; a region that an RMPUPDATE or PSMASH in flight is about is left out. */
      readonly ofRegion: (machine: Machine, region: RegionIndex) => boolean
    }
  /** Of a step that completes an operation. */
  | { readonly ofStep: (completed: Completed) => boolean }
  /** Of the machine when all threads have finished. */
  | { readonly ofEnd: (machine: Machine) => boolean }
)

/** What the reference says of RMP and RMPOPT, to be held against every interleaving. */
export const HARDWARE_PROPERTIES: readonly HardwareProperty[] = [
  {
    name: 'soundness',
    sentence:
      'No core has a region optimised that holds an assigned page, unless an RMPUPDATE or PSMASH there is in flight (§6.5, §6.8).',
    ofRegion: ({ tables, rmp }, region) => tables.sets[region].size === 0 || rmp.assignedPages[region] === 0,
  },
  {
    name: 'true results',
    sentence: 'No cached scan result says “nothing assigned” of a region that holds an assigned page (§6.11).',
    ofRegion: ({ tables, rmp }, region) => tables.cached[region] === 0 || rmp.assignedPages[region] === 0,
  },
  {
    name: 'race guarantee',
    sentence: 'When an RMPUPDATE that assigns, or a PSMASH, completes, no core has the region optimised (§6.8, §6.9).',
    ofStep: ({ machine, operation, answer }) => {
      const region = convertedRegion(machine, operation)
      return region < 0 || !succeeded(answer) || machine.tables.sets[region].size === 0
    },
  },
  {
    name: 'integrity',
    sentence:
      'No write of the hypervisor or an ordinary guest, and no shared one of an SNP guest, reaches an assigned page, through an old translation neither (§5).',
    ofStep: ({ machine, operation, answer }) => {
      if (operation.do !== 'access' || answer.kind !== 'passed') return true
      const { access } = operation
      const isPrivate = access.who === 'SNP guest' && access.isPrivate
      return isPrivate || !access.write || !isAssigned(machine, pageAt(machine, access.spa))
    },
  },
  {
    name: 'isolation',
    sentence:
      'A private access of an SNP guest that passes reaches a page assigned to it, a checked one a page that it has validated (§5).',
    ofStep: ({ machine, operation, answer }) => {
      if (operation.do !== 'access' || answer.kind !== 'passed') return true
      const { access } = operation
      if (access.who !== 'SNP guest' || !access.isPrivate) return true
      const pfn = pageAt(machine, access.spa)
      if (isChanging(machine, pfn)) return true
      const isValid = answer.how !== 'checked' || (machine.rmp.bits(pfn) & VALIDATED) !== 0
      return isAssigned(machine, pfn) && isValid && machine.rmp.asid(pfn) === access.asid
    },
  },
  {
    name: 'true answers',
    sentence:
      'RMPOPT answers CF = 1 just when its core, whichever of its threads asks, has the region optimised (§6.1, §6.5, §6.6).',
    ofStep: ({ machine, cpu, operation, answer }) => {
      if (!('cf' in answer) || operation.do !== 'instruction' || operation.instruction.name !== 'RMPOPT') return true
      const { tables, topology } = machine
      const [core, region] = [cpu % topology.cores, machine.regionOf(operation.instruction.rax)]
      return answer.cf === (machine.isRegionCovered(region) && tables.reaches(core, region) && has(tables.sets[region], core))
    },
  },
  {
    name: 'updates take effect',
    sentence: 'When an RMPUPDATE completes with success, the entry says what was asked for, and is not validated (§4).',
    ofStep: ({ machine, operation, answer }) => {
      if (operation.do !== 'instruction' || operation.instruction.name !== 'RMPUPDATE' || !succeeded(answer)) return true
      const { input, rax } = operation.instruction
      const entry = machine.rmp.entry(pageAt(machine, rax))
      const isAsAsked = (['assigned', 'asid', 'immutable', 'gpa'] as const).every((field) => entry[field] === input[field])
      return isAsAsked && !entry.validated && (!input.assigned || entry.size === input.size)
    },
  },
  {
    name: 'init clears',
    sentence: 'After SNP_INIT_EX no core has anything optimised, and no result is cached (§6.13).',
    ofStep: ({ machine: { tables }, operation, answer }) => {
      if (operation.do !== 'firmware' || operation.command.name !== 'SNP_INIT_EX') return true
      if (answer.kind !== 'status' || answer.status !== 'SUCCESS') return true
      return tables.sets.every(({ size }) => size === 0) && tables.cached.every((cached) => cached === 0)
    },
  },
  {
    name: 'enable needs SNP',
    sentence: 'RMPOPT_BASE can be enabled only with SNP_EN on the CPU and a segmented RMP (§6.3).',
    ofStep: ({ machine, cpu, operation, answer }) => {
      if (operation.do !== 'instruction' || operation.instruction.name !== 'WRMSR' || answer.kind !== 'done') return true
      const { msr, value } = operation.instruction
      if (msr !== MSR_RMPOPT_BASE || (value & 1n) === 0n) return true
      return machine.cpus[cpu].snpEn && machine.layout?.kind === 'segmented'
    },
  },
  {
    name: 'nothing left behind',
    sentence: 'When all is done no entry is locked and no scan is under way.',
    ofEnd: ({ locks, tables }) => locks.size === 0 && tables.scans.length === 0,
  },
]

/** To be asked where a program is meant to run smoothly. */
export const NO_SURPRISE: HardwareProperty = {
  name: 'no surprise',
  sentence: 'No instruction or access faults, and none asks for what is not specified.',
  ofStep: ({ answer }) => answer.kind !== 'fault' && answer.kind !== 'unspecified',
}

/** The region that an operation takes optimisations away from, or -1. */
export function convertedRegion(machine: Machine, operation: Operation): RegionIndex {
  if (operation.do !== 'instruction') return -1
  const { instruction } = operation
  const converts = instruction.name === 'PSMASH' || (instruction.name === 'RMPUPDATE' && instruction.input.assigned)
  return converts ? machine.regionOf(instruction.rax) : -1
}

function succeeded(answer: Answer): boolean {
  return 'eax' in answer && answer.eax === SUCCESS
}

function pageAt({ geometry }: Machine, spa: number): Pfn {
  return Math.floor(spa / geometry.pageBytes)
}

/** Assigned for good: an RMPUPDATE that has not completed has not assigned yet. */
function isAssigned(machine: Machine, pfn: Pfn): boolean {
  return (machine.rmp.bits(pfn) & ASSIGNED) !== 0 && !isChanging(machine, pfn)
}

function isChanging({ locks, rmp }: Machine, pfn: Pfn): boolean {
  return locks.has(rmp.hugeOf(pfn))
}
