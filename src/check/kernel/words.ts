import { type Op, onlineOf } from '../../kernel/index.ts'
import { type Instruction, members, ofRun } from '../../machine/index.ts'
import { WORKER } from './before.ts'
import type { ThreadState } from './threads.ts'
import type { KernelWorld } from './world.ts'

/** What a thread does in its next step, in the kernel's words. */
export function stepWords(world: KernelWorld, name: string, task: number, cpu: number, state: ThreadState): string {
  const { routine, phase, remaining } = state
  const { op } = routine
  if (op === undefined) return `${name}: ${task === WORKER && phase === 'ready' ? 'the timer fires, the work starts' : 'begins'}`
  const at = op.op === 'on-each-cpu' ? cpu : placeOf(world, task, cpu, op)
  const where = at < 0 ? '' : `CPU${at} `
  if (phase === 'waits') return `${where}${name}: ${op.op === 'lock' ? `has ${op.lock.name}` : `goes on after ${op.op}`}`
  if (op.op !== 'rmpupdate-run' || op.pages === 0) return `${where}${name}: ${opWords(world, op)}`
  const index = phase === 'executes' ? op.pages - remaining : 0
  return `${where}${name}: ${instructionWords(world, ofRun(op.instruction, index, world.machine.geometry))}`
}

function placeOf(world: KernelWorld, task: number, cpu: number, op: Op): number {
  if (op.op === 'execute' || op.op === 'smp-processor-id' || op.op === 'migrate-disable' || op.op === 'rmpupdate-run') return cpu
  return world.tasks[task].cpu
}

/** An operation, in the kernel's words. */
export function opWords(world: KernelWorld, op: Op): string {
  switch (op.op) {
    case 'execute':
      return instructionWords(world, op.instruction)
    case 'rmpupdate-run':
      return `${instructionWords(world, op.instruction)} (${op.pages} pages)`
    case 'launch-update-run':
      return `SNP_LAUNCH_UPDATE${op.pages === 1 ? '' : ` (${op.pages} pages)`}`
    case 'on-each-cpu':
      return `IPI to ${[...members(onlineOf(world.kernel, op.mask))].join(',') || 'nobody'}: ${fnWords(world, op.fn)}`
    case 'firmware':
      return op.command.name
    case 'move-to-cpu':
      return `to CPU${op.cpu}`
    case 'wait-unpinned':
      return `waits until CPU${op.cpu} has no pinned task`
    case 'lock':
    case 'unlock':
      return `${op.op} ${op.lock.name}${op.how === 'shared' ? ' (shared)' : ''}`
    case 'delay-work':
      return op.delayNs === 0 ? 'queues the work' : op.ifPending === 'keep' ? 'queue_delayed_work' : 'mod_delayed_work'
    case 'cancel-work-sync':
      return 'cancel_delayed_work_sync'
    case 'sleep-until':
      return 'after a while'
    case 'play':
      return 'next in its loop'
    default:
      return op.op.replaceAll('-', '_')
  }
}

function fnWords(world: KernelWorld, fn: Extract<Op, { op: 'on-each-cpu' }>['fn']): string {
  if (fn.name === 'rmpopt_regions') return `RMPOPT regions ${fn.first} to ${fn.end - 1}`
  return fn.name === 'msr_set_bit' ? `msr_set_bit 0x${fn.msr.toString(16)}` : instructionWords(world, fn)
}

function instructionWords({ machine: { geometry } }: KernelWorld, instruction: Instruction): string {
  const { name } = instruction
  if (name === 'RMPOPT')
    return `RMPOPT${instruction.rcx === 0 ? '' : '(report)'} region ${instruction.rax / geometry.regionBytes}`
  if (name === 'RMPUPDATE') {
    const { assigned, asid, size } = instruction.input
    return `RMPUPDATE page ${instruction.rax / geometry.pageBytes} ${size} ${assigned ? `assigned, ASID ${asid}` : 'shared'}`
  }
  if ('rax' in instruction) return `${name} page ${instruction.rax / geometry.pageBytes}`
  return 'msr' in instruction ? `${name} 0x${instruction.msr.toString(16)}` : name
}
