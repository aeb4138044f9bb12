import { MSR_RMPOPT_BASE, type RegionIndex, type Spa } from '../../arch/index.ts'
import type { FirmwareCommand, Instruction, Machine } from '../../machine/index.ts'
import type { Operation, Thread } from './operation.ts'

/**
 * Regions that programs name and that are alike to the hardware: covered, free of the RMP's own memory, and in reach of every table
 * for as long as the programs run. What is in them need not be the same.
 */
export function alikeRegions(machine: Machine, threads: readonly Thread[]): RegionIndex[] {
  const operations = threads.flatMap(({ program }) => program)
  const { geometry, rmp, tables, rmpOwn } = machine
  const isInReach =
    tables.reachBytes >= rmp.regions * geometry.regionBytes &&
    tables.bases.every(({ base }) => base === 0) &&
    !operations.some(movesTable)
  const isWithin = operations.every((one) => liesInRegions(one, geometry.regionBytes))
  if (!isInReach || !isWithin) return []
  const named = new Set(operations.flatMap(addressesOf).map((spa) => machine.regionOf(spa)))
  return [...named].filter((region) => {
    const [start, end] = [region * geometry.regionBytes, (region + 1) * geometry.regionBytes]
    const isWhole = (region + 1) * geometry.regionPages <= rmp.pages
    return isWhole && machine.isRegionCovered(region) && !rmpOwn.some((own) => own.start < end && start < own.end)
  })
}

function movesTable(operation: Operation): boolean {
  if (operation.do !== 'instruction' || operation.instruction.name !== 'WRMSR') return false
  const { msr, value } = operation.instruction
  return msr === MSR_RMPOPT_BASE && value > 1n
}

/** Nothing of it is of several regions at once. */
function liesInRegions(operation: Operation, regionBytes: number): boolean {
  if (operation.do === 'access') return operation.access.mapping <= regionBytes
  if (operation.do !== 'firmware' || operation.command.name !== 'SNP_INIT_EX') return true
  const { firmwareRanges, hvFixedRanges } = operation.command
  const regionOf = (spa: Spa) => Math.floor(spa / regionBytes)
  return [...firmwareRanges, ...hvFixedRanges].every(({ start, end }) => start < end && regionOf(start) === regionOf(end - 1))
}

/** The system addresses that an operation names. */
function addressesOf(operation: Operation): Spa[] {
  const addresses: Spa[] = []
  renamedOperation(operation, (spa) => {
    addresses.push(spa)
    return spa
  })
  return addresses
}

/** An operation as it would be if addresses were called otherwise. Guest addresses go with the page that they are of. */
export function renamedOperation(operation: Operation, name: (spa: Spa) => Spa): Operation {
  switch (operation.do) {
    case 'instruction':
      return { ...operation, instruction: renamedInstruction(operation.instruction, name) }
    case 'firmware':
      return { ...operation, command: renamedCommand(operation.command, name) }
    case 'access': {
      const { access } = operation
      const spa = name(access.spa)
      if (access.who !== 'SNP guest') return { ...operation, access: { ...access, spa } }
      return { ...operation, access: { ...access, spa, gpa: access.gpa + spa - access.spa } }
    }
  }
}

function renamedInstruction(instruction: Instruction, name: (spa: Spa) => Spa): Instruction {
  if ('guest' in instruction) {
    const { guest } = instruction
    const spa = name(guest.spa)
    return { ...instruction, guest: { ...guest, spa, gpa: guest.gpa + spa - guest.spa } }
  }
  if (!('rax' in instruction)) return instruction
  const rax = name(instruction.rax)
  if (instruction.name !== 'RMPUPDATE') return { ...instruction, rax }
  const { input } = instruction
  const gpa = input.asid === 0 ? input.gpa : input.gpa + rax - instruction.rax // without a guest it is nobody's address
  return { ...instruction, rax, input: { ...input, gpa } }
}

function renamedCommand(command: FirmwareCommand, name: (spa: Spa) => Spa): FirmwareCommand {
  if (command.name === 'SNP_INIT_EX') {
    const range = ({ start, end }: { start: Spa; end: Spa }) => ({ start: name(start), end: name(end - 1) + 1 })
    return {
      ...command,
      firmwareRanges: command.firmwareRanges.map(range),
      hvFixedRanges: command.hvFixedRanges.map(range),
    }
  }
  if (command.name === 'SNP_LAUNCH_UPDATE') {
    const page = name(command.page)
    return { ...command, page, context: name(command.context), gpa: command.gpa + page - command.page }
  }
  if ('page' in command) return { ...command, page: name(command.page) }
  return 'context' in command ? { ...command, context: name(command.context) } : command
}
