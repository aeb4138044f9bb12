import { type CpuId, GIB, type Ns, RMPOPT_VERIFY_AND_REPORT } from '../arch/index.ts'
import { type IpiFunction, type Op, onlineOf } from '../kernel/index.ts'
import {
  firmwareCommand,
  has,
  type IndexSet,
  type Instruction,
  launchUpdateRun,
  members,
  type Outcome,
  rmpRun,
  rmpupdateRun,
} from '../machine/index.ts'
import type { Clock } from './clock.ts'
import type { Costs } from './costs.ts'
import { TimedRmpopt } from './rmpopt-timed.ts'
import type { BroadcastCost } from './scan-cost.ts'
import type { OpOf, Task } from './task.ts'

/** An answer that costs no time; `undefined`: the task is busy or asleep and will be told later. */
type Immediate = { readonly answer: unknown } | undefined
const DONE: Immediate = { answer: undefined }

/** Carries out what a routine asks for. */
export function carryOut(clock: Clock, task: Task, op: Exclude<Op, { op: 'play' }>): Immediate {
  const { kernel, costs, tally } = clock
  switch (op.op) {
    case 'execute':
      return executeHere(clock, task, op.instruction)
    case 'rmpupdate-run': {
      const { assigned } = op.instruction.input
      const finish = () => rmpupdateRun(kernel.machine, task.cpu, op.instruction, op.pages)
      tally.instructions += op.pages
      tally.rmpupdates += op.pages
      return busy(clock, task, op.pages * rmpupdateNs(costs, assigned), finish)
    }
    case 'launch-update-run':
      tally.firmwareCommands += op.pages
      clock.asleep(task, clock.nowNs + op.pages * costs.firmwareNs.SNP_LAUNCH_UPDATE, () =>
        launchUpdateRun(kernel.machine, op.command, op.pages),
      )
      return undefined
    case 'firmware':
      tally.firmwareCommands++
      clock.asleep(task, clock.nowNs + costs.firmwareNs[op.command.name], () => firmwareCommand(kernel.machine, op.command))
      return undefined
    case 'on-each-cpu':
      return onEachCpu(clock, task, onlineOf(kernel, op.mask), op.fn)
    case 'load-rmp-entry':
      return busy(clock, task, costs.instructionNs.RMPREAD, () => kernel.machine.rmp.readForm(op.pfn))
    case 'count-rmp-run':
      return { answer: rmpRun(kernel.machine, op.pfn, op.pages, op.assigned) }
    case 'clear-rmp': {
      const bytes = kernel.machine.rmpOwn.reduce((sum, { start, end }) => sum + end - start, 0)
      return busy(clock, task, Math.round((bytes / GIB) * costs.clearRmpGibNs), () => kernel.machine.rmp.zero())
    }
    case 'cpu-time':
      return busy(clock, task, Math.round(op.times * costs.cpuWorkNs[op.what]), () => undefined)
    case 'sleep-until':
      clock.asleep(task, op.atNs, () => undefined)
      return undefined
    case 'smp-processor-id':
      return { answer: task.cpu }
    case 'move-to-cpu':
      return moveToCpu(clock, task, op.cpu)
    case 'cond-resched':
      task.stretchNs = 0
      return DONE // CPUs are served operation by operation: whoever waits comes next anyway
    case 'migrate-disable':
      task.pinned++
      return DONE
    case 'migrate-enable':
      task.pinned--
      if (task.pinned === 0) clock.unpinned(task.cpu)
      return DONE
    case 'preempt-disable':
    case 'preempt-enable':
      return DONE // nobody is preempted in the middle of an operation anyway
    case 'wait-unpinned':
      return clock.waitUnpinned(task, op.cpu) ? undefined : DONE
    case 'lock':
      return op.lock.acquire(task.id, op.how) ? DONE : undefined
    case 'unlock':
      for (const woken of op.lock.release(task.id, op.how)) clock.wake(woken)
      return DONE
    case 'delay-work':
      clock.delayWork(op.work, op.delayNs, op.ifPending)
      return DONE
    case 'kthread-run':
      clock.spawn(op.thread.routine())
      return DONE
    case 'set-sleeping':
      op.thread.isSleeping = true
      return DONE
    case 'schedule':
      return op.thread.sleeps(task.id) ? undefined : DONE
    case 'wake-up-process': {
      const sleeper = op.thread.wake()
      if (sleeper !== undefined) clock.wake(sleeper)
      return DONE
    }
    case 'cancel-work-sync':
      return cancelSync(task, op)
  }
}

function busy(clock: Clock, task: Task, ns: Ns, complete: () => unknown): undefined {
  clock.busy(task, ns, complete)
}

/** The other CPU is woken and put to work; nobody is busy meanwhile. */
function moveToCpu(clock: Clock, task: Task, cpu: CpuId): Immediate {
  if (cpu === task.cpu) return DONE
  const ns = Math.round(clock.scanCost.sendNs(1) + clock.costs.taskSwitchNs)
  clock.tally.crossCall(task)
  clock.asleep(task, clock.nowNs + ns, () => {
    task.cpu = cpu
  })
  return undefined
}

function cancelSync(task: Task, { work }: OpOf<'cancel-work-sync'>): Immediate {
  work.cancel()
  if (!work.isRunning) return DONE
  work.waiters.push(task.id)
  return undefined
}

/** RMPUPDATE of one entry; the broadcast is paid for by every one that assigns. */
export function rmpupdateNs(costs: Costs, assigned: boolean): Ns {
  return costs.rmpupdateNs + (assigned ? costs.clearBroadcastNs : 0)
}

function executeHere(clock: Clock, task: Task, instruction: Instruction): undefined {
  const { kernel, tally, costs } = clock
  const { machine } = kernel
  if (isVerify(instruction)) {
    const self = machine.topology.cpuSets.of([task.cpu])
    const region = machine.regionOf(instruction.rax)
    if (clock.scannable.has(self, region)) {
      const ns = clock.scanCost.alone(task.cpu, region)
      const rmpopt = new TimedRmpopt(machine, self, task.times)
      rmpopt.begin(region)
      tally.rmpoptAlone(task, ns)
      clock.ledger?.own(task, region, ns)
      return busy(clock, task, ns * task.times, () => {
        const outcome = rmpopt.outcome(rmpopt.finish())
        machine.tell.instruction(task.cpu, instruction, outcome, 1)
        return outcome
      })
    }
  }
  tally.instructions++
  if (instruction.name === 'RMPUPDATE') tally.rmpupdates++
  return busy(clock, task, instructionNs(costs, instruction), () => machine.execute(task.cpu, instruction))
}

function instructionNs(costs: Costs, instruction: Instruction): Ns {
  switch (instruction.name) {
    case 'RMPOPT':
      return costs.reportNs
    case 'RMPUPDATE':
      return rmpupdateNs(costs, instruction.input.assigned)
    case 'PSMASH':
      return costs.instructionNs.PSMASH + costs.clearBroadcastNs
    default:
      return costs.instructionNs[instruction.name]
  }
}

/** RMPOPT(verify) of a whole region: the one that scans. */
function isVerify(fn: IpiFunction): fn is Extract<Instruction, { name: 'RMPOPT' }> {
  return fn.name === 'RMPOPT' && fn.rcx === RMPOPT_VERIFY_AND_REPORT && (fn.cpl ?? 0) === 0
}

function onEachCpu(clock: Clock, task: Task, mask: IndexSet, fn: IpiFunction): undefined {
  const { kernel, tally, costs } = clock
  const { machine } = kernel
  if (!clock.isFree(task.cpu)) return clock.whenFree(task, () => onEachCpu(clock, task, mask, fn)) as undefined
  const remote = mask.size - (has(mask, task.cpu) ? 1 : 0)
  const region = isVerify(fn) ? machine.regionOf(fn.rax) : -1
  if (isVerify(fn) && fn.rax % machine.geometry.regionBytes === 0) {
    const scanners = clock.scannable.has(mask, region) ? mask : clock.scannable.among(mask, region)
    if (scanners.size > 0) return verifyOn(clock, task, mask, scanners, fn)
  }
  if (fn.name === 'rmpopt_regions') return rmpoptRegions(clock, task, mask, fn)
  const each = fn.name === 'msr_set_bit' ? costs.instructionNs.RDMSR + costs.instructionNs.WRMSR : instructionNs(costs, fn)
  tally.instructions += mask.size * (fn.name === 'msr_set_bit' ? 2 : 1)
  tally.ipis += remote
  clock.interrupt(mask, task, () => Math.round(costs.irqNs + each))
  return busy(clock, task, Math.round(clock.scanCost.sendNs(remote) + each), () => runOnEach(clock, mask, fn))
}

/** RMPOPT(verify) on a mask; those that are no scanners answer at once: the region is out of their tables' reach, or they fault. */
function verifyOn(clock: Clock, task: Task, mask: IndexSet, scanners: IndexSet, fn: OfName<'RMPOPT'>): undefined {
  const { machine } = clock.kernel
  const { cpuSets } = machine.topology
  const region = machine.regionOf(fn.rax)
  const broadcast = clock.scanCost.broadcast(task.cpu, scanners, region, mask)
  const rmpopt = new TimedRmpopt(machine, scanners, task.times)
  rmpopt.begin(region)
  accountBroadcast(clock, task, scanners, broadcast)
  return busy(clock, task, broadcast.waitNs * task.times, () => {
    const cf = rmpopt.finish()
    for (const cpu of members(scanners)) machine.tell.instruction(cpu, fn, rmpopt.outcome(cf), 1)
    const others = cpuSets.minus(mask, scanners)
    const { faulted } = others.size > 0 ? runOnEach(clock, others, fn) : { faulted: cpuSets.none }
    return { carry: cf ? scanners : cpuSets.none, faulted }
  })
}

/** Several regions in one interrupt: all are looked at when it begins, and published when it ends. */
function rmpoptRegions(clock: Clock, task: Task, mask: IndexSet, { first, end }: OfName<'rmpopt_regions'>): undefined {
  const { machine } = clock.kernel
  const regions = Array.from({ length: end - first }, (_, at) => first + at)
  const timed = regions.filter((region) => clock.scannable.has(mask, region))
  const broadcast = clock.scanCost.batch(task.cpu, mask, timed)
  const rmpopts = timed.map((region) => {
    const rmpopt = new TimedRmpopt(machine, mask, task.times)
    rmpopt.begin(region)
    return rmpopt
  })
  accountBroadcast(clock, task, mask, broadcast)
  return busy(clock, task, broadcast.waitNs * task.times, () => {
    const carried = rmpopts.map((rmpopt) => rmpopt.finish())
    // What is out of reach or faults takes no time to speak of.
    const others = regions
      .filter((region) => !timed.includes(region))
      .map((region) => runOnEach(clock, mask, verify(clock, region)))
    const { cpuSets } = machine.topology
    const failed = others.reduce((set, { carry }) => cpuSets.union(set, cpuSets.minus(mask, carry)), cpuSets.none)
    const faulted = others.reduce((set, one) => cpuSets.union(set, one.faulted), cpuSets.none)
    return { carry: carried.every((cf) => cf) ? cpuSets.minus(mask, failed) : cpuSets.none, faulted }
  })
}

function verify({ kernel }: Clock, region: number): OfName<'RMPOPT'> {
  return { name: 'RMPOPT', rax: region * kernel.machine.geometry.regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT }
}

type OfName<Name extends IpiFunction['name']> = Extract<IpiFunction, { name: Name }>

function runOnEach(
  clock: Clock,
  mask: IndexSet,
  fn: Exclude<IpiFunction, OfName<'rmpopt_regions'>>,
): { carry: IndexSet; faulted: IndexSet } {
  const { machine } = clock.kernel
  const carry: number[] = []
  const faulted: number[] = []
  for (const cpu of members(mask)) {
    const outcome = runOn(clock, cpu, fn)
    if (outcome.kind !== 'done') faulted.push(cpu)
    else if ('cf' in outcome && outcome.cf) carry.push(cpu)
  }
  return { carry: machine.topology.cpuSets.of(carry), faulted: machine.topology.cpuSets.of(faulted) }
}

function runOn({ kernel }: Clock, cpu: number, fn: Exclude<IpiFunction, OfName<'rmpopt_regions'>>): Outcome {
  if (fn.name !== 'msr_set_bit') return kernel.machine.execute(cpu, fn)
  const old = kernel.machine.execute(cpu, { name: 'RDMSR', msr: fn.msr })
  return old.kind === 'done' ? kernel.machine.execute(cpu, { name: 'WRMSR', msr: fn.msr, value: old.value | fn.bits }) : old
}

/** Counts a broadcast, or `steps` of the same, and delays what it interrupts. */
export function accountBroadcast(
  clock: Clock,
  task: Task,
  mask: IndexSet,
  cost: BroadcastCost,
  steps = 1,
  reschedules = false,
): void {
  const { crowd, parts, waitNs } = cost
  clock.tally.rmpoptBroadcast(task, mask.size * parts.length, cost, steps, reschedules)
  clock.ledger?.broadcast(task, mask, crowd, parts, waitNs)
  clock.interrupt(mask, task, (cpu) => {
    const rmpoptNs = parts.reduce((sum, part) => sum + clock.scanCost.ofCpu(crowd, cpu, part), 0)
    return Math.round(clock.costs.irqNs + rmpoptNs) * task.times * steps
  })
}
