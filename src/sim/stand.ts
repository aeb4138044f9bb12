import { assert, type CpuId, type Ns } from '../arch/index.ts'
import {
  type Backing,
  type Kernel,
  KernelListener,
  type Placement,
  type RegionRange,
  type RmpoptDriver,
  type Routine,
  regionsToScan,
  rmpoptCleanup,
  snpSetupRmpopt,
} from '../kernel/index.ts'
import type { IndexSet, Machine } from '../machine/index.ts'
import { BusyLedger } from './busy-ledger.ts'
import { Clock } from './clock.ts'
import { COSTS, type Costs } from './costs.ts'
import { bringUp, hostKernel } from './host-kernel.ts'
import { type HostSpec, planHost } from './host-spec.ts'

/** One pass over regions, on the cores of these CPUs. */
export type PassLoop = (kernel: Kernel, regions: RegionRange, cpus: IndexSet) => Routine<void>

/** One pass, as it was. */
export interface PassRecord {
  readonly wallNs: Ns
  /** The leader's own way over all regions; the rest is the followers'. */
  readonly leaderNs: Ns
  readonly followersNs: Ns
  /** CPU time of all CPUs together. */
  readonly cpuNs: Ns
  /** Longest time one CPU was kept from its other work without a break. */
  readonly stallNsMax: Ns
  readonly ipis: number
  readonly rmpopts: number
  /** Time of the RMPOPTs alone, on all CPUs together. */
  readonly rmpoptNs: Ns
  /** Of each CPU, how long it was busy with the pass. */
  readonly busyNs: Float64Array
}

/** Programs RMPOPT as the published driver does, and leaves it to others to make passes. */
const HELD_BACK: RmpoptDriver = {
  name: 'held back',
  summary: 'RMPOPT is set up and no pass is made',
  *setup(kernel) {
    yield* snpSetupRmpopt(kernel)
    yield { op: 'cancel-work-sync', work: kernel.rmpopt.work }
  },
  *vmDestroyed() {},
  cleanup: rmpoptCleanup,
}

export interface StandOptions {
  readonly host: HostSpec
  readonly placement?: Placement
  readonly backing?: Backing
}

/** A host on the test stand: SNP is up, nothing runs, and passes are made one at a time, each at its own costs. */
export class Stand {
  readonly machine: Machine
  readonly kernel: Kernel

  constructor({ host, placement = 'buddy', backing = '2m' }: StandOptions) {
    this.kernel = hostKernel(planHost(host), { driver: HELD_BACK, placement, backing })
    this.machine = this.kernel.machine
    this.run(bringUp(this.kernel))
    assert(this.kernel.snpInitialised, 'SNP comes up')
  }

  /** The regions that a pass goes over; none where RMPOPT cannot be used. */
  get regions(): RegionRange {
    return regionsToScan(this.kernel)
  }

  /** Runs a routine on CPU `cpu` to its end. @returns how long it took */
  run(routine: Routine<unknown>, { cpu = 0, costs = COSTS }: { cpu?: CpuId; costs?: Costs } = {}): Ns {
    return this.#on(new Clock(this.kernel, { costs }), routine, cpu)
  }

  /** As after SNP_INIT: nothing is optimised, no result is stored. */
  forget(): void {
    this.machine.tables.clearAll()
  }

  /** Makes one pass. @param leader the CPU it is started on */
  pass(
    loop: PassLoop,
    cpus: IndexSet,
    { costs = COSTS, leader = 0, players }: { costs?: Costs; leader?: CpuId; players?: boolean } = {},
  ): PassRecord {
    const ledger = new BusyLedger(this.machine.topology)
    const clock = new Clock(this.kernel, { costs, ledger, players })
    const listener = new Listener(clock)
    const before = this.kernel.tell
    this.kernel.tell = listener
    this.#on(clock, loop(this.kernel, this.regions, cpus), leader)
    this.kernel.tell = before
    const { tally } = clock
    const { wallNsSum: wallNs, cpuNs, stallNsMax, ipis } = tally.passes
    return {
      wallNs,
      leaderNs: listener.leaderDoneNs,
      followersNs: wallNs - listener.leaderDoneNs,
      cpuNs,
      stallNsMax,
      ipis,
      rmpopts: tally.rmpopts,
      rmpoptNs: tally.rmpoptNs,
      busyNs: ledger.busyNs(clock.scanCost, costs.irqNs),
    }
  }

  #on(clock: Clock, routine: Routine<unknown>, cpu: CpuId): Ns {
    let doneNs: Ns = -1
    clock.spawn(
      (function* (): Routine<void> {
        yield* routine
        doneNs = clock.nowNs
      })(),
      cpu,
    )
    clock.run(Number.POSITIVE_INFINITY)
    assert(doneNs >= 0, 'the routine comes to its end')
    return doneNs
  }
}

class Listener extends KernelListener {
  leaderDoneNs: Ns = 0
  readonly #clock: Clock

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }
  override passBegins(): void {
    this.#clock.passBegins()
  }
  override leaderDone(): void {
    this.leaderDoneNs = this.#clock.nowNs
  }
  override passEnds(): void {
    this.#clock.passEnds()
  }
}
