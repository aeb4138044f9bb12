import { type RegionIndex, SECOND } from '../../arch/index.ts'
import {
  allOfMemory,
  canRmpopt,
  holding,
  type Kernel,
  oneThreadPerCore,
  type RegionRange,
  type Routine,
  rangesOf,
  regionsToScan,
  rmpoptCleanup,
  rmpoptRange,
  sleepUntil,
} from '../../kernel/index.ts'
import type { Machine } from '../../machine/index.ts'
import { baseGroups, programBases } from '../base.ts'
import { KEPT, type Policy } from '../policy.ts'
import { executePass } from './execute.ts'
import type { PolicySpec } from './spec.ts'
import { whatWords, whenWords, whoWords } from './words.ts'

/** The policy at a point of the space. */
export function composePolicy(spec: PolicySpec): Policy {
  const { name, summary, when, what, who } = spec
  if (when.at === 'never') return { name, summary, when: 'never', what: '-', who: '-', keptBytes: () => 0 }
  const marksPages = what === 'dirty' || what === 'emptied'
  return {
    name,
    summary,
    when: whenWords(when),
    what: whatWords(what),
    who: whoWords(who),
    actsOnFolios: when.at === 'freed-folio',
    setup: (kernel) => setup(kernel, spec),
    work: (kernel) => work(kernel, spec),
    ...(when.at === 'by-hand' ? { thread: (kernel) => byHand(kernel, when.atS) } : {}),
    ...(when.at === 'teardown' || what === 'guest'
      ? { vmDestroyed: (kernel, regions) => vmDestroyed(kernel, spec, what === 'guest' ? regions() : []) }
      : {}),
    ...(marksPages || when.at === 'conversion' || when.at === 'freed-folio'
      ? { madeShared: (kernel, region, pages) => madeShared(kernel, spec, region, pages) }
      : {}),
    cleanup: rmpoptCleanup,
    keptBytes: (machine) => keptBytes(machine, spec),
  }
}

function* setup(kernel: Kernel, spec: PolicySpec): Routine<void> {
  if (canRmpopt(kernel)) yield* holding(kernel.rmpopt.mutex, 'exclusive', configure(kernel, spec))
}

/** Programs the tables and asks for the first pass, over everything. */
function* configure(kernel: Kernel, { base, what, when }: PolicySpec): Routine<void> {
  const { rmpopt } = kernel
  if (rmpopt.isConfigured) return
  rmpopt.range = base === 'lowest' ? rmpoptRange(kernel) : allOfMemory(kernel)
  rmpopt.primaries = oneThreadPerCore(kernel)
  yield* programBases(kernel, baseGroups(kernel, rmpopt.primaries, base))
  if (what !== 'all') markAll(kernel)
  rmpopt.isConfigured = true
  yield { op: 'delay-work', work: rmpopt.work, delayNs: 0, ifPending: 'keep' }
  if (when.at === 'by-hand') yield { op: 'kthread-run', thread: rmpopt.thread }
}

/** Asks for a pass over everything, at once. */
export function* passOverAll(kernel: Kernel, { what }: PolicySpec): Routine<void> {
  if (what !== 'all') markAll(kernel)
  yield* request(kernel, { delayS: 0, after: 'first' }, [regionsToScan(kernel)])
}

function markAll(kernel: Kernel): void {
  const { first, end } = regionsToScan(kernel)
  for (let region = first; region < end; region++) kernel.rmpopt.dirty.add(region)
}

/** Somebody who asks for a pass at these moments. */
function* byHand(kernel: Kernel, atS: readonly number[]): Routine<void> {
  for (const at of [...atS].sort((a, b) => a - b)) {
    yield* sleepUntil(at * SECOND)
    if (kernel.rmpopt.isConfigured) yield* request(kernel, { delayS: 0, after: 'first' }, [regionsToScan(kernel)])
  }
}

function* work(kernel: Kernel, spec: PolicySpec): Routine<void> {
  const { rmpopt } = kernel
  const { when, what, who, base } = spec
  // Taken before the scan: what is marked from now on waits for the next pass.
  const ranges = what === 'all' ? [regionsToScan(kernel)] : rangesOf(rmpopt.dirty.take())
  if (ranges.length > 0) yield* executePass(kernel, who, base, ranges)
  if (when.at === 'periodic') yield { op: 'delay-work', work: rmpopt.work, delayNs: when.everyS * SECOND, ifPending: 'restart' }
}

function* vmDestroyed(kernel: Kernel, spec: PolicySpec, regions: readonly RegionIndex[]): Routine<void> {
  if (!kernel.rmpopt.isConfigured) return
  for (const region of regions) mark(kernel, region)
  if (spec.when.at === 'teardown') yield* request(kernel, spec.when, requested(kernel, spec, regions))
}

function* madeShared(kernel: Kernel, spec: PolicySpec, region: RegionIndex, pages: number): Routine<void> {
  const { when, what } = spec
  if (!kernel.rmpopt.isConfigured) return
  if (what === 'emptied' && kernel.machine.rmp.assignedPages[region] > 0) return
  if (when.at === 'freed-folio') return yield* eachFolio(kernel, spec, region, pages)
  // Who finds the mark there leaves the request to whoever has set it, unless every one starts the timer anew.
  const isNew = what === 'all' || mark(kernel, region)
  if (when.at === 'conversion' && (isNew || when.after === 'last'))
    yield* request(kernel, when, requested(kernel, spec, [region]))
}

/** In the path that frees the folios: once for each of them. */
function* eachFolio(kernel: Kernel, { who, base }: PolicySpec, region: RegionIndex, pages: number): Routine<void> {
  const folioPages = kernel.backing === '4k' ? 1 : kernel.machine.geometry.hugePages
  for (let freed = 0; freed < pages; freed += folioPages) {
    yield* executePass(kernel, who, base, [{ first: region, end: region + 1 }])
  }
}

/** @returns whether it is marked now, and was not before */
function mark(kernel: Kernel, region: RegionIndex): boolean {
  const { first, end } = regionsToScan(kernel)
  return region >= first && region < end && kernel.rmpopt.dirty.add(region)
}

/** What a request is for, that was made because of something in these regions. */
function requested(kernel: Kernel, { what }: PolicySpec, regions: readonly RegionIndex[]): readonly RegionRange[] {
  const { first, end } = regionsToScan(kernel)
  return what === 'all' ? [{ first, end }] : rangesOf(regions.filter((region) => region >= first && region < end))
}

/** Under the mutex, as setup and cleanup are: what is queued after cleanup has cancelled would meet tables that are off. */
function* request(
  kernel: Kernel,
  when: { delayS: number; after: 'first' | 'last' },
  regions: readonly RegionRange[],
): Routine<void> {
  kernel.tell.passRequested(regions)
  yield* holding(kernel.rmpopt.mutex, 'exclusive', queue(kernel, when))
}

function* queue({ rmpopt }: Kernel, { delayS, after }: { delayS: number; after: 'first' | 'last' }): Routine<void> {
  if (!rmpopt.isConfigured) return
  yield { op: 'delay-work', work: rmpopt.work, delayNs: delayS * SECOND, ifPending: after === 'first' ? 'keep' : 'restart' }
}

function keptBytes(machine: Machine, { what, when, who, base }: PolicySpec): number {
  const regions = base === 'lowest' ? machine.tables.reachBytes / machine.geometry.regionBytes : machine.rmp.regions
  const marks = what === 'all' ? 0 : Math.ceil(regions / 8) + (what === 'emptied' ? 4 * regions : 0)
  const deferred = when.at === 'freed-folio' ? 0 : KEPT.delayedWork + KEPT.workqueue
  // One broadcast to a part of the CPUs wants a mask that is kept; portions are made as they are wanted.
  const mask = who.threads === 'primary' && who.reach === 'broadcast' ? KEPT.cpumask : 0
  return KEPT.mutex + deferred + mask + marks
}
