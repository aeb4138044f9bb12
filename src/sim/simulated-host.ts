import { AMD64, assert, type Geometry, type Ns, type RegionIndex } from '../arch/index.ts'
import {
  type Backing,
  type Extent,
  type Kernel,
  KernelListener,
  type MemoryUser,
  type Placement,
  type RmpoptDriver,
  type Routine,
  rmpoptRange,
} from '../kernel/index.ts'
import { type FirmwareCommand, type Machine, MachineListener } from '../machine/index.ts'
import { Clock } from './clock.ts'
import { COSTS, type Costs } from './costs.ts'
import { Coverage } from './coverage.ts'
import { Delays } from './delays.ts'
import { bringUp, hostKernel } from './host-kernel.ts'
import { type HostSpec, planHost } from './host-spec.ts'

export interface SimulatedHostOptions {
  readonly host: HostSpec
  /** What drives RMPOPT; `isOracle`: the hardware does it all by itself. */
  readonly driver: RmpoptDriver & { readonly isOracle?: boolean }
  readonly placement: Placement
  readonly backing: Backing
  /** Simulated time. */
  readonly endNs: Ns
  /** Parts of that time that coverage is kept for. */
  readonly bins: number
  readonly costs?: Costs
  /** See {@link Clock}. */
  readonly players?: boolean
}

/** A host on its way through time: hardware, kernel, clock, and those who watch. Who lives on it is added by others. */
export class SimulatedHost {
  readonly machine: Machine
  readonly kernel: Kernel
  readonly clock: Clock
  readonly coverage: Coverage
  readonly delays: Delays
  readonly log: string[] = []
  /** When bring-up was done and guests could start. */
  readyNs: Ns = 0
  readonly endNs: Ns
  readonly #oracle: Oracle | undefined

  constructor({ host, driver, placement, backing, endNs, bins, costs = COSTS, players }: SimulatedHostOptions) {
    const plan = planHost(host)
    this.endNs = endNs
    this.kernel = hostKernel(plan, { driver, placement, backing })
    this.machine = this.kernel.machine
    this.clock = new Clock(this.kernel, { costs, players })
    const now = () => this.clock.nowNs
    const { start, end } = rmpoptRange(this.kernel)
    const { regionBytes } = this.machine.geometry
    const hasTables = host.hasRmpopt && host.rmp === 'segmented'
    const reach = hasTables ? { first: start / regionBytes, end: end / regionBytes } : { first: 0, end: 0 }
    this.coverage = new Coverage(this.machine, now, reach, endNs, bins)
    this.delays = new Delays(this.machine, now, (region) => this.coverage.isReachable(region))
    this.machine.listen(this.coverage)
    this.machine.listen(this.delays)
    if (driver.isOracle === true && hasTables) {
      this.#oracle = new Oracle(this.machine, (region) => this.coverage.isReachable(region))
      this.machine.listen(this.#oracle)
    }
    this.kernel.tell = new HostListener(this)
    for (const { start, end } of plan.hostOwn) {
      const own = { pfn: start / AMD64.pageBytes, pages: (end - start) / AMD64.pageBytes }
      perRegion([own], this.machine.geometry, (region, pages) => this.coverage.use(region, pages))
    }
  }

  /** Brings SNP up. */
  protected boot(): void {
    let isUp = false
    const { kernel, clock } = this
    clock.spawn(
      (function* (): Routine<void> {
        yield* bringUp(kernel)
        isUp = true
      })(),
    )
    while (!isUp) clock.run(clock.nextNs)
    assert(kernel.snpInitialised, `SNP comes up: ${this.log.at(-1)}`)
    this.readyNs = clock.nowNs
    this.delays.turnOn()
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
    perRegion(extents, this.machine.geometry, (region, pages) => this.useOf(region, sign * pages))
  }

  protected useOf(region: RegionIndex, pages: number): void {
    this.coverage.use(region, pages)
  }
}

/** How many pages of each region the extents have; extents of one region mostly follow one another and are told together. */
function perRegion(
  extents: readonly Extent[],
  { regionPages }: Geometry,
  tell: (region: RegionIndex, pages: number) => void,
): void {
  let region = 0
  let pagesHere = 0
  for (const { pfn, pages } of extents) {
    for (let at = pfn; at < pfn + pages; ) {
      const here = Math.floor(at / regionPages)
      const part = Math.min(pfn + pages, (here + 1) * regionPages) - at
      if (here !== region && pagesHere !== 0) {
        tell(region, pagesHere)
        pagesHere = 0
      }
      region = here
      pagesHere += part
      at += part
    }
  }
  if (pagesHere !== 0) tell(region, pagesHere)
}

/** What every simulated host listens to in its kernel. */
export class HostListener extends KernelListener {
  protected readonly host: SimulatedHost

  constructor(host: SimulatedHost) {
    super()
    this.host = host
  }
  override log(line: string): void {
    this.host.log.push(line)
  }
  override snpEnabled(): void {
    this.host.snpEnabled()
  }
  override snpDisabled(): void {
    this.host.coverage.turnOff()
  }
  override passBegins(): void {
    this.host.clock.passBegins()
  }
  override passEnds(): void {
    this.host.clock.passEnds()
  }
  override memory(extents: readonly Extent[], user: MemoryUser, sign: 1 | -1): void {
    if (user === 'ordinary') this.host.use(extents, sign)
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
