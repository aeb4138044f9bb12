import type { Machine } from '../machine.ts'
import type { FirmwareCommand, FirmwareStatus } from './commands.ts'
import {
  snpActivate,
  snpDecommission,
  snpGctxCreate,
  snpLaunchFinish,
  snpLaunchUpdate,
  snpPageReclaim,
  snpPageUnsmash,
} from './guest.ts'
import { snpDfFlush, snpInitEx, snpShutdownEx } from './platform.ts'

/** Hands the security processor a command and waits for its answer. A refused command changes nothing. */
export function firmwareCommand(machine: Machine, command: FirmwareCommand): FirmwareStatus {
  const status = meetsLock(machine, command) ? 'INVALID_PAGE_STATE' : carryOut(machine, command)
  machine.tell.firmware(command, status, 1)
  return status
}

/** An RMPUPDATE or PSMASH in flight has locked an entry that the command is about: it is refused. [A] */
function meetsLock({ locks, geometry }: Machine, command: FirmwareCommand): boolean {
  if (locks.size === 0) return false
  if (command.name === 'SNP_INIT_EX') return true
  const pages = 'page' in command ? [command.page] : 'context' in command ? [command.context] : []
  return pages.some((page) => locks.has(Math.floor(page / geometry.hugeBytes)))
}

function carryOut(machine: Machine, command: FirmwareCommand): FirmwareStatus {
  switch (command.name) {
    case 'SNP_INIT_EX':
      return snpInitEx(machine, command)
    case 'SNP_SHUTDOWN_EX':
      return snpShutdownEx(machine, command)
    case 'SNP_GCTX_CREATE':
      return snpGctxCreate(machine, command)
    case 'SNP_ACTIVATE':
      return snpActivate(machine, command)
    case 'SNP_LAUNCH_UPDATE':
      return snpLaunchUpdate(machine, command)
    case 'SNP_LAUNCH_FINISH':
      return snpLaunchFinish(machine, command)
    case 'SNP_DECOMMISSION':
      return snpDecommission(machine, command)
    case 'SNP_PAGE_RECLAIM':
      return snpPageReclaim(machine, command)
    case 'SNP_PAGE_UNSMASH':
      return snpPageUnsmash(machine, command)
    case 'SNP_DF_FLUSH':
      return snpDfFlush(machine)
  }
}
