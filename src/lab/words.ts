import { formatFault, msrName, RMPOPT_REPORT, returnCodeName } from '../arch/index.ts'
import type { FirmwareCommand, Instruction, Outcome } from '../machine/index.ts'

/** What was done, apart from what it was done to: so that the same done to many can be told once. */
export interface Deed {
  readonly verb: string
  /** Address of the page or region it was done to. */
  readonly on?: number
}

/** An instruction, as the manual would write it. */
export function describeInstruction(i: Instruction): Deed {
  switch (i.name) {
    case 'RMPOPT':
      return { verb: `RMPOPT(${i.rcx === RMPOPT_REPORT ? 'report' : 'verify'})`, on: i.rax }
    case 'RMPUPDATE': {
      const { assigned, asid, size, immutable } = i.input
      const to = assigned ? (asid === 0 ? 'to the firmware' : `to ASID ${asid}`) : 'to the hypervisor'
      return { verb: `RMPUPDATE ${size} ${to}${immutable ? ', immutable' : ''}:`, on: i.rax }
    }
    case 'PSMASH':
    case 'RMPREAD':
      return { verb: i.name, on: i.rax }
    case 'PVALIDATE':
      return { verb: `PVALIDATE ${i.size}`, on: i.guest.spa }
    case 'RMPADJUST':
    case 'RMPQUERY':
      return { verb: `${i.name} for VMPL ${i.targetVmpl}`, on: i.guest.spa }
    case 'WRMSR':
      return { verb: `WRMSR ${msrName(i.msr)} = ${hex(i.value)}` }
    case 'RDMSR':
      return { verb: `RDMSR ${msrName(i.msr)}` }
    case 'WBINVD':
      return { verb: 'WBINVD' }
  }
}

/** What an instruction answered. */
export function describeOutcome(instruction: Instruction, outcome: Outcome): string {
  if (outcome.kind === 'fault') return formatFault(outcome.fault)
  if (outcome.kind === 'unspecified') return `unspecified behaviour: ${outcome.operand} (${outcome.section})`
  if (instruction.name === 'RMPOPT' && 'how' in outcome) {
    const how = {
      scanned: `${outcome.summaries} summaries read`,
      cached: 'cached result found',
      reported: '',
      'out of reach': 'out of reach',
    }
    return [`CF=${outcome.cf ? 1 : 0}`, how[outcome.how]].filter(Boolean).join(', ')
  }
  if ('value' in outcome) return hex(outcome.value)
  if ('eax' in outcome) return `${returnCodeName(outcome.eax)}${'cf' in outcome ? `, CF=${outcome.cf ? 1 : 0}` : ''}`
  return 'done'
}

/** A command to the security processor. */
export function describeCommand(command: FirmwareCommand): Deed {
  switch (command.name) {
    case 'SNP_GCTX_CREATE':
      return { verb: command.name, on: command.context }
    case 'SNP_ACTIVATE':
      return { verb: `SNP_ACTIVATE with ASID ${command.asid}` }
    case 'SNP_LAUNCH_UPDATE':
      return { verb: `SNP_LAUNCH_UPDATE${command.vmsa ? ' (VMSA)' : ''}`, on: command.page }
    case 'SNP_PAGE_RECLAIM':
    case 'SNP_PAGE_UNSMASH':
      return { verb: command.name, on: command.page }
    case 'SNP_SHUTDOWN_EX':
      return { verb: `SNP_SHUTDOWN_EX (${command.x86SnpShutdown ? 'full' : 'legacy'})` }
    default:
      return { verb: command.name }
  }
}

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}
