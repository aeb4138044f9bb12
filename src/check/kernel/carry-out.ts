import type { CpuId } from '../../arch/index.ts'
import type { IpiFunction, Op } from '../../kernel/index.ts'
import {
  type FirmwareCommand,
  firmwareCommand,
  launchUpdateRun,
  type Machine,
  type Outcome,
  rmpRun,
  rmpupdateRun,
} from '../../machine/index.ts'
import type { KernelWorld } from './world.ts'

/** The task cannot have it now: it stands in line and goes on when it is woken. */
export const WAITS = Symbol('waits')
/** The task cannot do this now; nothing has changed. */
export const NOT_NOW = Symbol('not now')

/** An operation of a task, but for `on-each-cpu`, in one step. @returns its answer */
export function carryOut(world: KernelWorld, task: number, cpu: CpuId, op: Exclude<Op, { op: 'on-each-cpu' }>): unknown {
  const { machine, tasks } = world
  const self = tasks[task]
  switch (op.op) {
    case 'execute':
      return machine.execute(cpu, op.instruction)
    case 'rmpupdate-run':
      return rmpupdateRun(machine, cpu, op.instruction, op.pages)
    case 'launch-update-run':
      return launchUpdateRun(machine, op.command, op.pages)
    case 'firmware':
      return firmwareCommand(machine, op.command as FirmwareCommand)
    case 'load-rmp-entry':
      return machine.rmp.readForm(op.pfn)
    case 'count-rmp-run':
      return rmpRun(machine, op.pfn, op.pages, op.assigned)
    case 'clear-rmp':
      return machine.rmp.zero()
    case 'smp-processor-id':
      return cpu
    case 'play':
      return op.next
    case 'cond-resched':
    case 'cpu-time':
    case 'sleep-until':
      return undefined
    case 'move-to-cpu':
      self.cpu = op.cpu
      return undefined
    case 'migrate-disable':
      self.cpu = cpu
      self.pinned++
      return undefined
    case 'migrate-enable':
      if (--self.pinned === 0) self.cpu = -1
      return undefined
    case 'preempt-disable':
      self.atomic++
      return undefined
    case 'preempt-enable':
      self.atomic--
      return undefined
    case 'wait-unpinned':
      return world.isWanted(op.cpu) ? NOT_NOW : undefined
    case 'lock': {
      if (!op.lock.acquire(task, op.how)) return WAITS
      self.held |= 1 << world.locks.indexOf(op.lock)
      return undefined
    }
    case 'unlock':
      self.held &= ~(1 << world.locks.indexOf(op.lock))
      for (const woken of op.lock.release(task, op.how)) {
        tasks[woken].isWoken = true
        tasks[woken].held |= 1 << world.locks.indexOf(op.lock)
      }
      return undefined
    case 'delay-work':
      op.work.delay(0, op.ifPending)
      return undefined
    case 'cancel-work-sync':
      op.work.cancel()
      if (!op.work.isRunning) return undefined
      op.work.waiters.push(task)
      return WAITS
    case 'kthread-run':
      world.threadIsWanted = true
      return undefined
    case 'set-sleeping':
      op.thread.isSleeping = true
      return undefined
    case 'schedule':
      return op.thread.sleeps(task) ? WAITS : undefined
    case 'wake-up-process': {
      const sleeper = op.thread.wake()
      if (sleeper !== undefined) tasks[sleeper].isWoken = true
      return undefined
    }
  }
}

/** Whether an operation may sleep, or wait for others, and so has no place in atomic context [K]. */
export function maySleep({ op }: Op): boolean {
  return SLEEPS.has(op)
}

const SLEEPS: ReadonlySet<Op['op']> = new Set<Op['op']>([
  'cancel-work-sync',
  'cond-resched',
  'firmware',
  'kthread-run',
  'launch-update-run',
  'lock',
  'move-to-cpu',
  'on-each-cpu',
  'schedule',
  'sleep-until',
  'wait-unpinned',
])

/** What an IPI does on one CPU. */
export function interrupt(machine: Machine, cpu: CpuId, fn: IpiFunction): Outcome {
  if (fn.name === 'rmpopt_regions') {
    let all: Outcome | undefined
    for (let region = fn.first; region < fn.end; region++) {
      const outcome = machine.execute(cpu, { name: 'RMPOPT', rax: region * machine.geometry.regionBytes, rcx: 0 })
      if (all === undefined || !('cf' in outcome && outcome.cf)) all = outcome
    }
    return all as Outcome
  }
  if (fn.name !== 'msr_set_bit') return machine.execute(cpu, fn)
  const before = machine.execute(cpu, { name: 'RDMSR', msr: fn.msr })
  if (before.kind !== 'done') return before
  return machine.execute(cpu, { name: 'WRMSR', msr: fn.msr, value: before.value | fn.bits })
}

/** What is wrong with what an operation brought, if something is: no kernel routine expects a fault. */
export function faultIn(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('kind' in answer)) return ''
  const { kind } = answer as Outcome
  if (kind === 'done') return ''
  return kind === 'fault' ? (answer as Extract<Outcome, { kind: 'fault' }>).fault.vector : 'unspecified behaviour'
}
