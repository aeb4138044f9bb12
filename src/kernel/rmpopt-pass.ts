import { type CpuId, type RegionIndex, RMPOPT_VERIFY_AND_REPORT } from '../arch/index.ts'
import { type IndexSet, members } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'
import { playLoop } from './loop.ts'
import { condResched, execute, type IpiFunction, onEachCpuMask, type Routine } from './ops.ts'

/** Consecutive regions, `end` not included. */
export interface RegionRange {
  readonly first: RegionIndex
  readonly end: RegionIndex
}

export interface PassOptions {
  /** Whether there is a reschedule point after each region: from v7 on [L v7]. Default: yes. */
  readonly reschedules?: boolean
  /** Gets the regions that RMPOPT reported optimised. */
  readonly successes?: Set<RegionIndex>
}

/** RMPOPT(verify) on this CPU, region by region. */
export function* rmpoptHere(kernel: Kernel, cpu: CpuId, range: RegionRange, options: PassOptions = {}): Routine<void> {
  const { reschedules = true, successes } = options
  const { regionBytes } = kernel.machine.geometry
  yield* playLoop({ name: 'rmpopt', reschedules, successes }, range.first, range.end, function* (region) {
    const outcome = yield* execute({ name: 'RMPOPT', rax: region * regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT })
    if (outcome.kind !== 'done') kernel.tell.fault(cpu, 'RMPOPT')
    else if (outcome.cf) successes?.add(region)
    if (reschedules) yield* condResched()
    return region + 1
  })
}

/** RMPOPT(verify) on every CPU of the mask (or of what it is at each region), region by region, by one broadcast that waits; a region succeeds when it does on all. */
export function* rmpoptOnMask(
  kernel: Kernel,
  cpus: IndexSet | (() => IndexSet),
  range: RegionRange,
  options: PassOptions = {},
): Routine<void> {
  const { reschedules = true, successes } = options
  const { regionBytes } = kernel.machine.geometry
  const maskNow = typeof cpus === 'function' ? cpus : () => cpus
  if (maskNow().size === 0) return
  const loop = {
    name: 'rmpopt-mask',
    get mask() {
      return maskNow()
    },
    reschedules,
    successes,
  } as const
  yield* playLoop(loop, range.first, range.end, function* (region) {
    const mask = maskNow()
    const rmpopt: IpiFunction = { name: 'RMPOPT', rax: region * regionBytes, rcx: RMPOPT_VERIFY_AND_REPORT }
    const { carry, faulted } = yield* onEachCpuMask(mask, rmpopt)
    for (const cpu of members(faulted)) kernel.tell.fault(cpu, 'RMPOPT')
    if (carry.size === mask.size) successes?.add(region)
    if (reschedules) yield* condResched()
    return region + 1
  })
}

/** The same with so many regions in each interrupt, one after the other on every CPU. @param batch at least 1 */
export function* rmpoptInBatches(kernel: Kernel, mask: IndexSet, { first, end }: RegionRange, batch: number): Routine<void> {
  if (mask.size === 0) return
  for (let from = first; from < end; from += batch) {
    const { faulted } = yield* onEachCpuMask(mask, { name: 'rmpopt_regions', first: from, end: Math.min(end, from + batch) })
    for (const cpu of members(faulted)) kernel.tell.fault(cpu, 'RMPOPT')
    yield* condResched()
  }
}

/** Regions as ranges, ascending. */
export function rangesOf(regions: Iterable<RegionIndex>): RegionRange[] {
  const ranges: { first: RegionIndex; end: RegionIndex }[] = []
  for (const region of [...regions].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last?.end === region) last.end++
    else ranges.push({ first: region, end: region + 1 })
  }
  return ranges
}
