import { GIB } from '../arch/index.ts'
import { kvmGmemPopulate, type Routine, sevSnpLaunch } from '../kernel/index.ts'
import { members } from '../machine/index.ts'
import { COSTS, type Costs, fillRmp, type PassRecord, Stand } from '../sim/index.ts'
import { UserError } from '../workload/index.ts'
import { quantile } from './quantile.ts'
import { passLoop, type ScanOptions } from './scan-options.ts'
import type { PassResult, ScanResult, Spread } from './scan-result.ts'
import { type SweptCost, sensitivityOf } from './scan-sensitivity.ts'

/** What to do besides the scan itself. */
export interface ScanExtras {
  /** Repeats it at these costs, see `sweptCosts`. */
  readonly sensitivity?: readonly SweptCost[]
  /** Repeats it with this many seeds in all, from the given one on. */
  readonly seeds?: number
}

/**
 * One pass of RMPOPT over a host's memory, under the microscope: how long it takes whom.
 * @throws UserError for a host without RMPOPT, or guests that do not fit
 */
export function scan(options: ScanOptions, { sensitivity, seeds = 1 }: ScanExtras = {}): ScanResult {
  const stage = setUp(options)
  const [first, ...again] = passes(stage, options, COSTS)
  const { host } = options
  return {
    schema: 'rmpopt.scan/1',
    host: {
      name: host.name,
      memoryBytes: host.memoryBytes,
      cores: stage.stand.machine.topology.cores,
      logicalCpus: stage.stand.machine.topology.cpus,
    },
    options: {
      state: options.state.text,
      guestBytes: options.guestBytes,
      backing: options.backing,
      placement: options.placement,
      loop: options.loop.text,
      threads: options.threads,
      again: options.again,
      seed: options.seed,
    },
    ...first,
    platformRegions: stage.platformRegions,
    assignedRegions: stage.assignedRegions,
    again,
    sensitivity:
      sensitivity === undefined
        ? null
        : sensitivityOf((costs) => timesOf(passes(stage, { ...options, again: 0 }, costs)[0]), sensitivity),
    seeds: seeds > 1 ? spreadOverSeeds(options, first, seeds) : null,
  }
}

interface Stage {
  readonly stand: Stand
  /** Regions that the RMP itself and firmware keep from being optimised. */
  readonly platformRegions: number
  /** Regions with an assigned page, those included. */
  readonly assignedRegions: number
}

function setUp({ host, placement, backing, guestBytes, state, seed }: ScanOptions): Stage {
  const stand = new Stand({ host, placement, backing })
  if (!stand.kernel.rmpopt.isConfigured) {
    throw new UserError(`host: ${host.name} cannot use RMPOPT; choose one that has it, such as venice-2s`)
  }
  const platformRegions = assignedRegions(stand)
  guestBytes.forEach((bytes, id) => {
    launch(stand, id, bytes)
  })
  fillRmp(stand.machine, stand.regions, state, seed)
  return { stand, platformRegions, assignedRegions: assignedRegions(stand) }
}

function assignedRegions({ machine, regions: { first, end } }: Stand): number {
  return machine.rmp.assignedPages.subarray(first, end).reduce((count, pages) => count + (pages > 0 ? 1 : 0), 0)
}

/** A vCPU for each of so many bytes, and an image of usual size [A]. */
const BYTES_PER_VCPU = 4 * GIB
const IMAGE_PAGES = 1024

/** Launches a guest by the kernel's own routines; it then touches all of its memory. */
function launch(stand: Stand, id: number, bytes: number): void {
  const { kernel, machine } = stand
  const memory = kernel.memory.allocateGuest(Math.ceil(bytes / machine.geometry.pageBytes), 'snp')
  if (memory === undefined)
    throw new UserError(`guest: ${bytes / GIB} GiB do not fit into the free memory of the host; give less`)
  const vcpus = Math.max(1, Math.round(bytes / BYTES_PER_VCPU))
  let problem = ''
  stand.run(
    (function* (): Routine<void> {
      const guest = yield* sevSnpLaunch(kernel, { id, vcpus, memory, imagePages: IMAGE_PAGES })
      if ('failed' in guest) problem = guest.failed
      else yield* kvmGmemPopulate(kernel, guest, guest.pages)
    })(),
  )
  if (problem !== '') throw new UserError(`guest: ${bytes / GIB} GiB cannot be launched (${problem}); give fewer or smaller ones`)
}

/** The pass, and as many more as are asked for, which find what it has left. */
function passes({ stand }: Stage, options: ScanOptions, costs: Costs): [PassResult, ...PassResult[]] {
  stand.forget()
  const one = () => onePass(stand, options, costs)
  return [one(), ...Array.from({ length: options.again }, one)]
}

function onePass(stand: Stand, { loop, threads }: ScanOptions, costs: Costs): PassResult {
  const { machine, kernel, regions } = stand
  const cpus = threads === 'all' ? kernel.online : kernel.rmpopt.primaries
  const record = stand.pass(passLoop(loop), cpus, { costs })
  const { cores } = machine.topology
  const sets = machine.tables.sets.slice(regions.first, regions.end)
  const busy = Float64Array.from(members(cpus), (cpu) => record.busyNs[cpu]).sort()
  return {
    ...timesOf(record),
    cpuNs: record.cpuNs,
    perCpuBusyNs: { p50: quantile(busy, 0.5), p99: quantile(busy, 0.99), max: busy[busy.length - 1] },
    busyHistogram: histogram(busy),
    ipis: record.ipis,
    rmpopts: record.rmpopts,
    regions: regions.end - regions.first,
    optimised: sets.filter(({ size }) => size === cores).length,
    participants: cpus.size,
  }
}

const timesOf = ({ wallNs, leaderNs, followersNs, stallNsMax }: Pick<PassRecord, (typeof TIMES)[number]>) => ({
  wallNs,
  leaderNs,
  followersNs,
  stallNsMax,
})
const TIMES = ['wallNs', 'leaderNs', 'followersNs', 'stallNsMax'] as const

const BINS = 12

/** CPUs by how long they were busy: equal parts from 0 to the longest. */
function histogram(sorted: Float64Array): PassResult['busyHistogram'] {
  const max = Math.max(1, sorted[sorted.length - 1])
  const cpus = new Array<number>(BINS).fill(0)
  for (const ns of sorted) cpus[Math.min(BINS - 1, Math.floor((ns / max) * BINS))]++
  return cpus.map((count, bin) => ({
    fromNs: Math.round((bin * max) / BINS),
    toNs: Math.round(((bin + 1) * max) / BINS),
    cpus: count,
  }))
}

function spreadOverSeeds(options: ScanOptions, first: PassResult, seeds: number): ScanResult['seeds'] {
  const others = Array.from({ length: seeds - 1 }, (_, at) => {
    const other = { ...options, seed: options.seed + at + 1, again: 0 }
    return passes(setUp(other), other, COSTS)[0]
  })
  const all = [first, ...others]
  const spread = (of: (pass: PassResult) => number): Spread => {
    const sorted = Float64Array.from(all, of).sort()
    return { min: sorted[0], median: quantile(sorted, 0.5), max: sorted[sorted.length - 1] }
  }
  return {
    count: seeds,
    wallNs: spread(({ wallNs }) => wallNs),
    leaderNs: spread(({ leaderNs }) => leaderNs),
    followersNs: spread(({ followersNs }) => followersNs),
    stallNsMax: spread(({ stallNsMax }) => stallNsMax),
    optimised: spread(({ optimised }) => optimised),
  }
}
