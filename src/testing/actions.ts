/** The operations of routines that concern no other thread, one instruction or firmware command after the other, in no time. */
import { assert, type CpuId, SUCCESS } from '../arch/index.ts'
import { type IpiFunction, type Kernel, type Op, onlineOf } from '../kernel/index.ts'
import {
  type FirmwareCommand,
  firmwareCommand,
  has,
  type IndexSet,
  type Instruction,
  members,
  type Outcome,
  rmpRun,
} from '../machine/index.ts'

/** What the processor or the firmware is asked to do. */
export type Action = Instruction | FirmwareCommand

/** The operations that do concern other threads. */
type Scheduling =
  | 'move-to-cpu'
  | 'migrate-disable'
  | 'migrate-enable'
  | 'wait-unpinned'
  | 'lock'
  | 'unlock'
  | 'delay-work'
  | 'cancel-work-sync'
  | 'sleep-until'
  | 'kthread-run'
  | 'set-sleeping'
  | 'schedule'
  | 'wake-up-process'

/** The test's own answer to an action, which then is not carried out; `undefined`: it is. */
export type Instead = (action: Action, cpu: CpuId) => unknown

/** Carries an operation out. @returns its answer */
export function actOut(kernel: Kernel, cpu: CpuId, op: Exclude<Op, { op: Scheduling }>, instead: Instead): unknown {
  const act = (action: Action, on = cpu) => instead(action, on) ?? carryOut(kernel, on, action)
  switch (op.op) {
    case 'execute':
      return act(op.instruction)
    case 'firmware':
      return act(op.command)
    case 'rmpupdate-run': {
      const { rax, input } = op.instruction
      const gpa = (offset: number) => (input.assigned ? input.gpa + offset : 0)
      const one = (by: number): Action => ({ ...op.instruction, rax: rax + by, input: { ...input, gpa: gpa(by) } })
      return offsets(kernel, op.pages).filter((by) => (act(one(by)) as { eax?: number }).eax === SUCCESS).length
    }
    case 'launch-update-run': {
      const { page, gpa } = op.command
      const statuses = offsets(kernel, op.pages).map((by) => act({ ...op.command, page: page + by, gpa: gpa + by }))
      return statuses.find((status) => status !== 'SUCCESS') ?? 'SUCCESS'
    }
    case 'load-rmp-entry':
      return kernel.machine.rmp.readForm(op.pfn)
    case 'count-rmp-run':
      return rmpRun(kernel.machine, op.pfn, op.pages, op.assigned)
    case 'clear-rmp':
      return kernel.machine.rmp.zero()
    case 'smp-processor-id':
      return cpu
    case 'play':
      return op.next
    case 'cond-resched':
    case 'cpu-time':
    case 'preempt-disable':
    case 'preempt-enable':
      return undefined
    case 'on-each-cpu':
      return onEach(kernel, onlineOf(kernel, op.mask), (on) => interrupt(kernel, op.fn, (action) => act(action, on) as Outcome))
  }
}

function carryOut({ machine }: Kernel, cpu: CpuId, action: Action): unknown {
  return isCommand(action) ? firmwareCommand(machine, action) : machine.execute(cpu, action)
}

export function isCommand(action: Action): action is FirmwareCommand {
  return action.name.startsWith('SNP_')
}

function offsets({ machine }: Kernel, pages: number): number[] {
  return Array.from({ length: pages }, (_, i) => i * machine.geometry.pageBytes)
}

function onEach(
  { machine, online }: Kernel,
  mask: IndexSet,
  run: (cpu: CpuId) => Outcome,
): { carry: IndexSet; faulted: IndexSet } {
  const outcomes = new Map([...members(mask)].map((cpu) => [cpu, run(cpu)]))
  for (const cpu of outcomes.keys()) assert(has(online, cpu), `CPU ${cpu} is online and can be interrupted`)
  const { cpuSets } = machine.topology
  const where = (holds: (outcome: Outcome) => boolean) =>
    cpuSets.of([...outcomes].filter(([, outcome]) => holds(outcome)).map(([cpu]) => cpu))
  return { carry: where((outcome) => 'cf' in outcome && outcome.cf), faulted: where(({ kind }) => kind !== 'done') }
}

function interrupt({ machine }: Kernel, fn: IpiFunction, act: (action: Action) => Outcome): Outcome {
  if (fn.name === 'rmpopt_regions') {
    const regions = Array.from({ length: fn.end - fn.first }, (_, at) => fn.first + at)
    const outcomes = regions.map((region) => act({ name: 'RMPOPT', rax: region * machine.geometry.regionBytes, rcx: 0 }))
    return outcomes.find((outcome) => !('cf' in outcome && outcome.cf)) ?? outcomes[0]
  }
  if (fn.name !== 'msr_set_bit') return act(fn)
  const before = act({ name: 'RDMSR', msr: fn.msr }) as { value: bigint }
  return act({ name: 'WRMSR', msr: fn.msr, value: before.value | fn.bits })
}
