import type { Ns, RegionIndex } from '../arch/index.ts'
import { type Guest, type Loop, onlineOf } from '../kernel/index.ts'
import { ASSIGNED, type IndexSet, isPlainHuge, SIZE_2M, updatePlainHuge } from '../machine/index.ts'
import type { Clock } from './clock.ts'
import { accountBroadcast, rmpupdateNs } from './operations.ts'
import { TimedRmpopt } from './rmpopt-timed.ts'
import type { BroadcastCost } from './scan-cost.ts'
import type { Player, Task } from './task.ts'

/** Who plays the steps of a loop. Each mirrors the body of that loop in kernel/, operation for operation. */
export function playerOf(clock: Clock, task: Task, loop: Loop): Player {
  switch (loop.name) {
    case 'rmpopt':
      return new RmpoptPlayer(clock, task, loop)
    case 'rmpopt-mask':
      return new RmpoptMaskPlayer(clock, task, loop)
    case 'gmem-prepare':
      return new PreparePlayer(clock, task, loop.guest)
    case 'gmem-invalidate':
      return new InvalidatePlayer(clock, task, loop.guest)
  }
}

type LoopOf<Name extends Loop['name']> = Extract<Loop, { name: Name }>

/** RMPOPT(verify) on this CPU. */
class RmpoptPlayer implements Player {
  readonly #clock: Clock
  readonly #task: Task
  readonly #self: IndexSet
  readonly #rmpopt: TimedRmpopt
  readonly #successes: Set<RegionIndex> | undefined
  readonly #reschedules: boolean
  #region: RegionIndex = 0

  constructor(clock: Clock, task: Task, { successes, reschedules = true }: LoopOf<'rmpopt'>) {
    const { machine } = clock.kernel
    this.#successes = successes
    this.#reschedules = reschedules
    this.#clock = clock
    this.#task = task
    this.#self = machine.topology.cpuSets.of([task.cpu])
    this.#rmpopt = new TimedRmpopt(machine, this.#self, task.times)
  }

  begin(region: RegionIndex): Ns {
    const clock = this.#clock
    if (!clock.scannable.has(this.#self, region)) return -1
    this.#region = region
    const ns = clock.scanCost.alone(this.#task.cpu, region)
    this.#rmpopt.begin(region)
    clock.tally.rmpoptAlone(this.#task, ns, 1, this.#reschedules)
    clock.ledger?.own(this.#task, region, ns)
    return ns * this.#task.times
  }

  finish(): number {
    if (this.#rmpopt.finish()) this.#successes?.add(this.#region)
    return this.#region + 1
  }

  coast(region: RegionIndex, budgetNs: Ns): Ns {
    const clock = this.#clock
    if (!changesNothing(clock, region) || !clock.scannable.has(this.#self, region)) return -1
    const ns = clock.scanCost.alone(this.#task.cpu, region)
    if (ns * this.#task.times >= budgetNs) return -1
    if (clock.kernel.machine.isFree(region)) this.#successes?.add(region)
    clock.tally.rmpoptAlone(this.#task, ns, 1, this.#reschedules)
    clock.ledger?.own(this.#task, region, ns)
    return ns * this.#task.times
  }

  /** Regions that all cores have optimised, with a stored result. */
  coastAlike(region: RegionIndex, end: number, budgetNs: Ns): number {
    const clock = this.#clock
    const steps = alikeFrom(clock, region, end, budgetNs, this.alikeNs, this.#successes)
    if (steps < 2 || !clock.scannable.has(this.#self, region) || !clock.scannable.has(this.#self, region + steps - 1)) return 0
    clock.tally.rmpoptAlone(this.#task, clock.scanCost.storedNs, steps, this.#reschedules)
    return steps
  }

  get alikeNs(): Ns {
    return this.#clock.scanCost.storedNs * this.#task.times
  }
}

/**
 * How many regions from `region` on every core has optimised, with a stored result, such that all of these steps are over within the budget.
 * A ledger wants to hear of each of them.
 */
function alikeFrom(
  { kernel: { machine }, ledger }: Clock,
  region: RegionIndex,
  end: RegionIndex,
  budgetNs: Ns,
  stepNs: Ns,
  successes: Set<RegionIndex> | undefined,
): number {
  if (ledger !== undefined || successes !== undefined) return 0
  const { sets, cached } = machine.tables
  const { all } = machine.topology.coreSets
  const last = Math.min(end, region + Math.ceil(budgetNs / stepNs) - 1)
  let at = region
  while (at < last && cached[at] === 1 && sets[at] === all) at++
  return at - region
}

/** RMPOPT(verify) leaves a region as it is that every core has optimised with a cached result, or that holds an assigned page. */
function changesNothing({ kernel: { machine } }: Clock, region: RegionIndex): boolean {
  const { sets, cached } = machine.tables
  return machine.rmp.assignedPages[region] > 0
    ? sets[region].size === 0
    : cached[region] === 1 && sets[region] === machine.topology.coreSets.all
}

/** RMPOPT(verify) on every CPU of a mask. */
class RmpoptMaskPlayer implements Player {
  readonly #clock: Clock
  readonly #task: Task
  readonly #mask: IndexSet
  readonly #online: IndexSet
  readonly #rmpopt: TimedRmpopt
  readonly #successes: Set<RegionIndex> | undefined
  readonly #reschedules: boolean
  /** What a broadcast costs where a result is stored. */
  readonly #stored: BroadcastCost
  #region: RegionIndex = 0

  constructor(clock: Clock, task: Task, { mask, successes, reschedules = true }: LoopOf<'rmpopt-mask'>) {
    this.#successes = successes
    this.#reschedules = reschedules
    this.#clock = clock
    this.#task = task
    this.#online = clock.kernel.online
    this.#mask = onlineOf(clock.kernel, mask)
    this.#stored = clock.scanCost.stored(task.cpu, this.#mask)
    this.#rmpopt = new TimedRmpopt(clock.kernel.machine, this.#mask, task.times)
  }

  begin(region: RegionIndex): Ns {
    const clock = this.#clock
    if (clock.kernel.online !== this.#online) return -1 // the routine asks anew, for whom there is now
    if (!clock.scannable.has(this.#mask, region) || !clock.isFree(this.#task.cpu)) return -1
    this.#region = region
    const broadcast = clock.scanCost.broadcast(this.#task.cpu, this.#mask, region)
    this.#rmpopt.begin(region)
    this.#account(broadcast)
    return broadcast.waitNs * this.#task.times
  }

  finish(): number {
    if (this.#rmpopt.finish()) this.#successes?.add(this.#region)
    return this.#region + 1
  }

  coast(region: RegionIndex, budgetNs: Ns): Ns {
    const clock = this.#clock
    if (!changesNothing(clock, region) || !clock.scannable.has(this.#mask, region)) return -1
    const broadcast = clock.scanCost.broadcast(this.#task.cpu, this.#mask, region)
    const ns = broadcast.waitNs * this.#task.times
    if (ns >= budgetNs) return -1
    if (clock.kernel.machine.isFree(region)) this.#successes?.add(region)
    this.#account(broadcast)
    return ns
  }

  /** Regions that all cores have optimised, with a stored result. */
  coastAlike(region: RegionIndex, end: number, budgetNs: Ns): number {
    const clock = this.#clock
    const steps = alikeFrom(clock, region, end, budgetNs, this.alikeNs, this.#successes)
    if (steps < 2 || !clock.scannable.has(this.#mask, region) || !clock.scannable.has(this.#mask, region + steps - 1)) return 0
    this.#account(this.#stored, steps)
    return steps
  }

  get alikeNs(): Ns {
    return this.#stored.waitNs * this.#task.times
  }

  #account(broadcast: BroadcastCost, steps = 1): void {
    accountBroadcast(this.#clock, this.#task, this.#mask, broadcast, steps, this.#reschedules)
  }
}

/** What both folio loops share: which huge page a step is about, and whether it is plain enough to play. */
abstract class FolioPlayer implements Player {
  protected readonly clock: Clock
  protected readonly guest: Guest
  readonly #task: Task
  protected huge = 0
  protected page = 0
  /** The run of system memory that the guest pages up to `#runEnd` lie in: page p is at p + `#runOffset`. */
  #runEnd = 0
  #runOffset = 0

  constructor(clock: Clock, task: Task, guest: Guest) {
    this.clock = clock
    this.#task = task
    this.guest = guest
  }

  begin(page: number, end: number): Ns {
    const { kernel, costs, tally } = this.clock
    const { machine } = kernel
    const { hugePages } = machine.geometry
    if (page >= this.#runEnd) this.#enterRun(page)
    const pfn = page + this.#runOffset
    if (pfn % hugePages !== 0 || page + hugePages > Math.min(this.#runEnd, end)) return -1
    this.page = page
    this.huge = pfn / hugePages
    if (!machine.features.rmpread || !isPlainHuge(machine, this.#task.cpu, this.huge)) return -1
    const updates = this.updates(machine.rmp.hugeBits(this.huge))
    if (updates === 0) return -1
    tally.folio(updates)
    return costs.instructionNs.RMPREAD + this.workNs(updates)
  }

  #enterRun(page: number): void {
    this.#runOffset = this.guest.pfnOf(page) - page
    this.#runEnd = page + this.guest.contiguousFrom(page)
  }

  finish(): number {
    this.update()
    return this.page + this.clock.kernel.machine.geometry.hugePages
  }

  protected get isSmall(): boolean {
    return this.clock.kernel.backing === '4k'
  }

  /** RMPUPDATEs that the step executes, given the state of the huge page; 0: the step has to be played by the routine. */
  protected abstract updates(bits: number): number
  /** Time of the step, RMPREAD apart. */
  protected abstract workNs(updates: number): Ns
  protected abstract update(): void
}

class PreparePlayer extends FolioPlayer {
  protected updates(bits: number): number {
    const { hugePages } = this.clock.kernel.machine.geometry
    if (bits & ASSIGNED || (!this.isSmall && this.page % hugePages !== 0)) return 0
    return this.isSmall ? this.clock.kernel.machine.geometry.hugePages : 1
  }

  protected workNs(updates: number): Ns {
    const { cpuWorkNs } = this.clock.costs
    const clear = this.isSmall ? updates * cpuWorkNs['clear 4K page'] : cpuWorkNs['clear 2M page']
    return clear + updates * rmpupdateNs(this.clock.costs, true)
  }

  protected update(): void {
    const { machine } = this.clock.kernel
    updatePlainHuge(machine, this.huge, this.isSmall ? ASSIGNED : ASSIGNED | SIZE_2M, this.guest.asid, this.page)
  }
}

class InvalidatePlayer extends FolioPlayer {
  protected updates(bits: number): number {
    if (!(bits & ASSIGNED) || this.clock.kernel.driver.madeShared) return 0 // a driver that is told of each folio
    return bits & SIZE_2M ? 1 : this.clock.kernel.machine.geometry.hugePages
  }

  protected workNs(updates: number): Ns {
    const { cpuWorkNs } = this.clock.costs
    const { hugePages } = this.clock.kernel.machine.geometry
    const free = this.isSmall ? hugePages * cpuWorkNs['free 4K folio'] : cpuWorkNs['free 2M folio']
    return free + updates * rmpupdateNs(this.clock.costs, false)
  }

  protected update(): void {
    updatePlainHuge(this.clock.kernel.machine, this.huge, 0, 0, 0)
  }
}
