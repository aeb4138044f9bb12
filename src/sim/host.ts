import { AMD64, assert, type CpuId, type Ns, type Pfn, type RegionIndex, SECOND } from '../arch/index.ts'
import {
  type Backing,
  createPhysicalMemory,
  type Extent,
  Kernel,
  KernelListener,
  type MemoryUser,
  type Placement,
  type Routine,
  rmpoptRange,
  sevSnpInit,
  snpRmptableInit,
} from '../kernel/index.ts'
import { type FirmwareCommand, Machine, MachineListener } from '../machine/index.ts'
import type { Policy } from '../policy/index.ts'
import { Blockers } from './blockers.ts'
import { Clock } from './clock.ts'
import { COSTS, type Costs } from './costs.ts'
import { Coverage } from './coverage.ts'
import { Delays } from './delays.ts'
import { type HostSpec, planHost } from './host-spec.ts'
import { DEFAULT_BEHAVIOUR, type GuestBehaviour, type HostedVm, ordinaryVmLife, snpVmLife, type VmCounts } from './vm-life.ts'

export interface HostOptions {
  readonly host: HostSpec
  readonly policy: Policy
  readonly placement: Placement
  readonly backing: Backing
  readonly vms: readonly HostedVm[]
  /** Simulated time. */
  readonly endNs: Ns
  /** Parts of that time that coverage is kept for. */
  readonly bins: number
  readonly behaviour?: GuestBehaviour
  readonly costs?: Costs
  /** See {@link Clock}. */
  readonly players?: boolean
}

/** One host on its way through time: hardware, kernel, clock, VMs, and those who watch. */
export class HostSimulation {
  readonly machine: Machine
  readonly kernel: Kernel
  readonly clock: Clock
  readonly coverage: Coverage
  readonly delays: Delays
  readonly blockers: Blockers
  readonly log: string[] = []
  readonly vmCounts: VmCounts = { launched: 0, failed: 0, memoryWaits: 0 }
  /** When bring-up was done and guests could start. */
  readyNs: Ns = 0
  readonly #options: HostOptions
  readonly #oracle: Oracle | undefined

  constructor(options: HostOptions) {
    const { host, policy, placement, backing } = options
    const plan = planHost(host)
    this.#options = options
    this.machine = new Machine(plan.machine)
    const memory = createPhysicalMemory({ geometry: AMD64, ranges: plan.usable, placement, backing })
    const { firmwareRanges, hvFixedRanges } = plan
    this.kernel = new Kernel({ machine: this.machine, driver: policy, memory, backing, firmwareRanges, hvFixedRanges })
    this.clock = new Clock(this.kernel, { costs: options.costs ?? COSTS, players: options.players })
    const now = () => this.clock.nowNs
    const { start, end } = rmpoptRange(this.kernel)
    const { regionBytes } = this.machine.geometry
    const hasTables = host.hasRmpopt && host.rmp === 'segmented'
    const reach = hasTables ? { first: start / regionBytes, end: end / regionBytes } : { first: 0, end: 0 }
    this.coverage = new Coverage(this.machine, now, reach, options.endNs, options.bins)
    this.delays = new Delays(this.machine, now, (region) => this.coverage.isReachable(region))
    this.blockers = new Blockers(this.machine)
    this.machine.listen(this.coverage)
    this.machine.listen(this.delays)
    if (policy.isOracle && hasTables) {
      this.#oracle = new Oracle(this.machine, (region) => this.coverage.isReachable(region))
      this.machine.listen(this.#oracle)
    }
    this.kernel.tell = new HostListener(this)
    for (const { start, end } of plan.hostOwn)
      this.use([{ pfn: start / AMD64.pageBytes, pages: (end - start) / AMD64.pageBytes }], 1)
  }

  /** Runs up to `untilNs`, which may be the end or a moment to look at; may be called again to go on. */
  run(untilNs: Ns = this.#options.endNs): void {
    if (this.clock.nowNs === 0) this.#boot()
    this.clock.run(untilNs)
    this.coverage.settle()
  }

  /** Closes the books. */
  finish(): void {
    this.coverage.settle()
    this.delays.end()
  }

  /** SNP is on: checks are made from now on, and time counts. */
  snpEnabled(): void {
    this.coverage.turnOn()
    this.#oracle?.turnOn()
  }

  /** Extents come into use by ordinary guests or the host itself (+1), or go out of it (-1). */
  use(extents: readonly Extent[], sign: 1 | -1): void {
    const { regionPages } = this.machine.geometry
    let region = 0
    let used = 0 // of this region, not yet told: extents of one region mostly follow one another
    for (const { pfn, pages } of extents) {
      for (let at = pfn; at < pfn + pages; ) {
        const here = Math.floor(at / regionPages)
        const part = Math.min(pfn + pages, (here + 1) * regionPages) - at
        if (here !== region && used !== 0) {
          this.coverage.use(region, sign * used)
          used = 0
        }
        region = here
        used += part
        at += part
      }
    }
    if (used !== 0) this.coverage.use(region, sign * used)
  }

  #boot(): void {
    let isUp = false
    const { kernel } = this
    this.clock.spawn(
      (function* (): Routine<void> {
        if (yield* snpRmptableInit(kernel)) yield* sevSnpInit(kernel)
        isUp = true
      })(),
    )
    while (!isUp) this.clock.run(this.clock.nextNs)
    assert(kernel.snpInitialised, `SNP comes up: ${this.log.at(-1)}`)
    this.readyNs = this.clock.nowNs
    this.blockers.markPlatform()
    this.delays.turnOn()
    this.#admit()
    this.#sample()
  }

  #admit(): void {
    const { vms, behaviour = DEFAULT_BEHAVIOUR } = this.#options
    const now = () => this.clock.nowNs
    for (const vm of vms) {
      const life = vm.isSnp
        ? snpVmLife(this.kernel, vm, behaviour, this.vmCounts, now)
        : ordinaryVmLife(this.kernel, vm, this.vmCounts, now)
      this.clock.spawn(life)
    }
  }

  /** Looks at the blockers in the middle of every part of the simulated time. */
  #sample(): void {
    const { endNs, bins } = this.#options
    const { clock, blockers } = this
    const at = (bin: number) => Math.round(((bin + 0.5) * endNs) / bins)
    const watch = function* (): Routine<void> {
      for (let bin = 0; bin < bins; bin++) {
        if (at(bin) < clock.nowNs) continue
        yield { op: 'sleep-until', atNs: at(bin) }
        blockers.sample()
      }
    }
    clock.spawn(watch())
  }
}

class HostListener extends KernelListener {
  readonly #host: HostSimulation

  constructor(host: HostSimulation) {
    super()
    this.#host = host
  }
  override log(line: string): void {
    this.#host.log.push(line)
  }
  override snpEnabled(): void {
    this.#host.snpEnabled()
  }
  override snpDisabled(): void {
    this.#host.coverage.turnOff()
  }
  override passBegins(_cpu: CpuId, _first: RegionIndex, _end: RegionIndex): void {
    this.#host.clock.tally.passBegins(this.#host.clock.nowNs)
  }
  override passEnds(): void {
    this.#host.clock.tally.passEnds(this.#host.clock.nowNs)
  }
  override memory(extents: readonly Extent[], user: MemoryUser, sign: 1 | -1): void {
    if (user === 'ordinary') this.#host.use(extents, sign)
  }
  override kernelPage(pfn: Pfn, sign: 1 | -1): void {
    this.#host.blockers.kernelPage(pfn, sign)
  }
}

/** The hardware that the ideal policy supposes: it notices by itself when a region becomes eligible. */
class Oracle extends MachineListener {
  readonly #machine: Machine
  readonly #isReachable: (region: RegionIndex) => boolean
  #isOn = false

  constructor(machine: Machine, isReachable: (region: RegionIndex) => boolean) {
    super()
    this.#machine = machine
    this.#isReachable = isReachable
  }
  turnOn(): void {
    this.#isOn = true
    this.#grantAll()
  }
  override assigned(region: RegionIndex, _before: number, after: number): void {
    if (this.#isOn && after === 0 && this.#isReachable(region)) this.#machine.tables.grant(region)
  }
  override firmware({ name }: FirmwareCommand): void {
    if (name === 'SNP_INIT_EX') this.#grantAll() // it has cleared the tables
  }
  #grantAll(): void {
    for (let region = 0; region < this.#machine.rmp.regions; region++) {
      if (this.#isReachable(region) && this.#machine.isFree(region)) this.#machine.tables.grant(region)
    }
  }
}

/** How long a run goes on after the last thing the trace names: the last teardown's pass still runs. */
export const SETTLE_NS: Ns = 60 * SECOND
