/** Kernels with a driver under test, booted the whole way on machines of real pages, and what they did in few words. */
import { GIB, MIB, planSegmented, type RegionIndex } from '../arch/index.ts'
import {
  type Guest,
  kvmDestroyVm,
  kvmGmemPopulate,
  type Op,
  type RmpoptDriver,
  sevSnpInit,
  snpRmptableInit,
} from '../kernel/index.ts'
import {
  ALL_FEATURES,
  Machine,
  type MachineOptions,
  MachineRecorder,
  members,
  type RamRange,
  type TopologySpec,
} from '../machine/index.ts'
import type { Thread } from './drive.ts'
import { coresWith } from './instructions.ts'
import { launched, type TestKernel, type TestKernelSpec, testKernel } from './kernels.ts'
import { type TestMachineSpec, tinyMachine } from './machines.ts'

/** A machine, or what a tiny one has other than the defaults: two free regions, one that holds the RMP. */
export type MachineOrSpec = Machine | TestMachineSpec

/** A kernel that has booted; the firmware is not initialised. What boot has started has not run yet. */
export function booted(driver: RmpoptDriver, machine: MachineOrSpec = {}, spec: TestKernelSpec = {}): TestKernel {
  const test = testKernel(machine instanceof Machine ? machine : tinyMachine(machine), { driver, ...spec })
  test.drive.call(snpRmptableInit(test.kernel))
  return test
}

/** A kernel that has SNP initialised; a first pass may wait. */
export function initialised(driver: RmpoptDriver, machine: MachineOrSpec = {}, spec: TestKernelSpec = {}): TestKernel {
  const test = booted(driver, machine, spec)
  test.drive.run()
  if (!test.drive.call(sevSnpInit(test.kernel))) throw new Error('SNP is initialised')
  return test
}

/** A kernel that has SNP initialised and has made its first passes. */
export function idle(driver: RmpoptDriver, machine: MachineOrSpec = {}, spec: TestKernelSpec = {}): TestKernel {
  const test = initialised(driver, machine, spec)
  test.drive.advance(0)
  return test
}

/** A machine whose memory is `ram`; all of the RMP lies in the second GiB of the first range. */
export function machineOf(
  topology: Partial<TopologySpec>,
  ram: readonly RamRange[],
  reachBytes?: number,
  options: Partial<MachineOptions> = {},
): Machine {
  const base = ram[0].start + GIB
  let next = base + MIB
  const place = (_: number, bytes: number) => {
    const at = next
    next += Math.ceil(bytes / MIB) * MIB
    return at
  }
  return new Machine({
    topology: { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1, ...topology },
    ram,
    layout: planSegmented({ ram, segmentShift: 36, base, place }),
    features: ALL_FEATURES,
    options: { ...options, ...(reachBytes === undefined ? {} : { tableReachBytes: reachBytes }) },
  })
}

/** RAM by GiB: node, from, to. */
export function ramOf(...ranges: readonly (readonly [node: number, fromGib: number, toGib: number])[]): RamRange[] {
  return ranges.map(([node, from, to]) => ({ node, start: from * GIB, end: to * GIB }))
}

/** Where the tables of the cores begin, GiB; `undefined`: disabled. */
export function basesOf(machine: Machine): (number | undefined)[] {
  return machine.tables.bases.map(({ enabled, base }) => (enabled ? base / GIB : undefined))
}

/** Of each region the cores that have it optimised. */
export function optimised({ machine }: Pick<TestKernel, 'machine'>): number[][] {
  return Array.from({ length: machine.rmp.regions }, (_, region) => coresWith(machine, region))
}

/** An operation in few words; those that say nothing of passes and their order are left out. */
export function words(op: Op): string[] {
  switch (op.op) {
    case 'execute':
      return op.instruction.name === 'RMPOPT' ? [`RMPOPT ${op.instruction.rax / GIB}`] : []
    case 'on-each-cpu':
      if (op.fn.name === 'RMPOPT') return [`RMPOPT ${op.fn.rax / GIB} on ${[...members(op.mask)]}`]
      return op.fn.name === 'WBINVD' || op.fn.name === 'RDMSR' ? [] : [`${op.fn.name} on ${[...members(op.mask)]}`]
    case 'firmware':
      return [op.command.name]
    case 'lock':
    case 'unlock':
      return [`${op.op} ${op.lock.name}`]
    case 'delay-work':
      return [`${op.ifPending} work ${op.delayNs / 1e9}s`]
    case 'cond-resched':
    case 'migrate-disable':
    case 'migrate-enable':
    case 'cancel-work-sync':
    case 'kthread-run':
    case 'set-sleeping':
    case 'schedule':
    case 'wake-up-process':
      return [op.op]
    default:
      return []
  }
}

/** What a thread did. */
export function doneBy({ drive }: TestKernel, thread: Thread): string[] {
  return drive.trace.filter((step) => step.thread === thread).flatMap(({ op }) => words(op))
}

/** What anybody did while `act` ran. */
export function doneIn({ drive }: TestKernel, act: () => void): string[] {
  const { length } = drive.trace
  act()
  return drive.trace.slice(length).flatMap(({ op }) => words(op))
}

/** Starts the work item now, on a CPU; it has not made a step. */
export function startWork({ drive, kernel }: TestKernel, cpu = 0): Thread {
  const { work } = kernel.rmpopt
  work.fire()
  work.start()
  return drive.spawn(work.routine(), cpu, work)
}

/** Ends a guest. */
export function destroy({ drive, kernel }: TestKernel, guest: Guest): void {
  drive.call(kvmDestroyVm(kernel, guest))
}

/** How many passes have ended. */
export function passes({ told }: TestKernel): number {
  return told.events.filter((event) => event === 'pass ends').length
}

/** RMPOPT(verify) as executed from now on: CPU and region. */
export class RmpoptLog {
  readonly #recorder = new MachineRecorder()
  readonly #regionBytes: number

  constructor(machine: Machine) {
    this.#regionBytes = machine.geometry.regionBytes
    machine.listen(this.#recorder)
  }

  take(): [cpu: number, region: RegionIndex][] {
    return this.#recorder.take().flatMap((event) => {
      if (event.type !== 'instruction' || event.instruction.name !== 'RMPOPT' || event.instruction.rcx !== 0) return []
      return [[event.cpu, event.instruction.rax / this.#regionBytes] as [number, number]]
    })
  }

  /** The regions, ascending. */
  takeRegions(): RegionIndex[] {
    return [...new Set(this.take().map(([, region]) => region))].sort((a, b) => a - b)
  }
}

/** Two guests in a small kernel: the first in regions 0 and 1 with its context and VMSA in 2, the second in 2 and 3. */
export function twoGuests(test: TestKernel): readonly [Guest, Guest] {
  const guests = [launched(test, { id: 0, pages: 8 }), launched(test, { id: 1, pages: 4 })] as const
  for (const guest of guests) test.drive.call(kvmGmemPopulate(test.kernel, guest, guest.pages))
  return guests
}

/** A guest's memory is about to come back. */
export function isReturning(op: Op): boolean {
  return op.op === 'play' && op.loop.name === 'gmem-invalidate'
}
