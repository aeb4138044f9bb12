import { AMD64, formatFault, GIB, type Ns, pageState, type Spa } from '../arch/index.ts'
import { createPhysicalMemory, type Guest, Kernel, KernelListener, type RegionRange, type Routine } from '../kernel/index.ts'
import {
  type Access,
  access,
  type FirmwareCommand,
  type FirmwareStatus,
  type IndexSet,
  type Instruction,
  Machine,
  MachineListener,
  type Outcome,
} from '../machine/index.ts'
import { V10 } from '../policy/index.ts'
import { Clock, COSTS, HOSTS, planHost } from '../sim/index.ts'
import { Chronicle } from './chronicle.ts'
import type { ExplainOperation, ExplainResult, RegionMap } from './explain-result.ts'
import { describeCommand, describeInstruction, describeOutcome } from './words.ts'

/** The stage of the story: a small host, its kernel and clock, and somebody who writes down what happens. */
export class Stage extends MachineListener {
  readonly machine: Machine
  readonly kernel: Kernel
  readonly clock: Clock
  readonly host: ExplainResult['host']
  guest: Guest | undefined
  readonly #chronicle = new Chronicle()
  #log: string[] = []

  constructor() {
    super()
    const spec = HOSTS.find(({ name }) => name === 'tiny') as (typeof HOSTS)[number]
    const { machine, usable, firmwareRanges, hvFixedRanges } = planHost(spec)
    this.machine = new Machine(machine)
    this.machine.listen(this)
    const memory = createPhysicalMemory({ geometry: AMD64, ranges: usable, placement: 'lowest', backing: '2m' })
    this.kernel = new Kernel({ machine: this.machine, driver: V10, memory, backing: '2m', firmwareRanges, hvFixedRanges })
    this.kernel.tell = new Chronicler(this)
    this.clock = new Clock(this.kernel, { costs: COSTS, players: false })
    this.host = {
      name: spec.name,
      memoryBytes: spec.memoryBytes,
      cores: this.machine.topology.cores,
      logicalCpus: this.machine.topology.cpus,
    }
  }

  get nowNs(): Ns {
    return this.clock.nowNs
  }

  /** Runs a routine of the host software to its end. @returns its result */
  routine<T>(routine: Routine<T>): T {
    let result: { readonly value: T } | undefined
    const whole = function* (): Routine<void> {
      result = { value: yield* routine }
    }
    this.clock.spawn(whole())
    while (result === undefined) this.clock.run(this.clock.nextNs)
    return result.value
  }

  /** Lets simulated time pass, as long as something happens: timers fire, work runs. */
  wait(ns: Ns): void {
    const untilNs = this.clock.nowNs + ns
    while (this.clock.nextNs <= untilNs) this.clock.run(this.clock.nextNs)
  }

  execute(cpu: number, instruction: Instruction): Outcome {
    return this.machine.execute(cpu, instruction)
  }

  /** A memory access, noted with what became of it. */
  access(cpu: number, a: Access): void {
    const outcome = access(this.machine, cpu, a)
    const how = a.who !== 'SNP guest' ? '' : a.isPrivate ? ' privately' : ' as shared memory'
    const result = outcome.kind === 'passed' ? PASSED[outcome.how] : formatFault(outcome.fault)
    this.note(cpu, `${a.who} ${a.write ? 'writes' : 'reads'} ${where(a.spa)}${how}, mapped by ${sizeName(a.mapping)}`, result)
  }

  /** What the RMP says of a page. */
  look(spa: Spa): void {
    const entry = this.machine.rmp.entry(spa / AMD64.pageBytes)
    const owner = entry.asid === 0 ? '' : `, ASID ${entry.asid}`
    this.note('RMP', `entry of ${where(spa)}`, `${pageState(entry)}, ${entry.size}${owner}`)
  }

  /** Adds to the record. */
  note(by: number | string, verb: string, result: string): void {
    this.#chronicle.add(by, { verb }, result)
  }

  logLine(line: string): void {
    this.#log.push(line)
  }

  map(): RegionMap {
    const { rmp } = this.machine
    return Array.from({ length: rmp.regions }, (_, region) => ({
      assignedPages: rmp.assignedPages[region],
      optimisedCores: this.machine.optimisedOn(region).size,
    }))
  }

  /** What was noted since the last time. */
  take(): { operations: ExplainOperation[]; log: string[] } {
    const taken = { operations: this.#chronicle.take(), log: this.#log }
    this.#log = []
    return taken
  }

  /** The lowest region that is optimised on every core; the lowest that holds an assigned page; … */
  regionWhere(holds: (region: RegionMap[number]) => boolean): number {
    return this.map().findIndex(holds)
  }

  override instruction(cpu: number, instruction: Instruction, outcome: Outcome, times: number): void {
    this.#chronicle.add(cpu, describeInstruction(instruction), describeOutcome(instruction, outcome), times)
  }
  override firmware(command: FirmwareCommand, status: FirmwareStatus, times: number): void {
    this.#chronicle.add('firmware', describeCommand(command), status, times)
  }
  override optimised(region: number, before: IndexSet, after: IndexSet): void {
    const was = `was set on ${before.size === this.host.cores ? 'all' : before.size} cores`
    if (after.size === 0)
      this.#chronicle.add('hardware', { verb: 'clears, in every RMPOPT table, the bit of', on: region * GIB }, was)
  }
  override shotDown(count: number): void {
    if (count > 0) this.note('hardware', 'drops cached translations that reach into the page', `${count} dropped`)
  }
}

class Chronicler extends KernelListener {
  readonly #stage: Stage

  constructor(stage: Stage) {
    super()
    this.#stage = stage
  }
  override log(line: string): void {
    this.#stage.logLine(line)
  }
  override passRequested(): void {
    this.#stage.note('kernel', 'snp_rmpopt_all_physmem: a pass is requested', 'the timer starts anew, 10 s')
  }
  override passBegins(cpu: number, [{ first, end }]: readonly RegionRange[]): void {
    this.#stage.note('kernel', `rmpopt_work_handler on CPU ${cpu}`, `regions ${first} to ${end - 1}`)
  }
  override passEnds(): void {
    this.#stage.note('kernel', 'rmpopt_work_handler', 'done')
  }
  override guestLaunched(guest: Guest): void {
    this.#stage.note(
      'kernel',
      `guest with ASID ${guest.asid}`,
      `runs, ${guest.vcpus} vCPUs, ${(guest.pages * AMD64.pageBytes) / GIB} GiB`,
    )
  }
  override guestMemoryReturned(guest: Guest): void {
    this.#stage.note('kernel', `memory of the guest with ASID ${guest.asid}`, 'is the hypervisor’s again')
  }
}

const PASSED = {
  'no check': 'passes, the RMP is not asked',
  skipped: 'passes, the check is skipped: the region is optimised on this core',
  checked: 'passes, after a look at the RMP',
  'cached translation': 'passes through a translation that was cached before',
}

function where(spa: Spa): string {
  return `0x${spa.toString(16)} (region ${Math.floor(spa / GIB)})`
}

function sizeName(bytes: number): string {
  return bytes >= GIB ? `${bytes / GIB} GiB` : bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 1024} KiB`
}
