import {
  holding,
  type Kernel,
  onlineOf,
  type Routine,
  regionsToScan,
  rmpoptHere,
  rmpoptOnMask,
  smpProcessorId,
} from '../../kernel/index.ts'
import { has, type IndexSet, members } from '../../machine/index.ts'
import type { Policy } from '../policy.ts'
import { V5 } from './v5.ts'

/** Revision 6 (2 June 2026). Followers in a mask of their own; a leader is chosen in one of three ways. [L v6] */
export const V6: Policy = {
  ...V5,
  name: 'v6',
  summary: 'as v5, with a local follower mask and a three-way choice of leader',
  work: (kernel) => rmpoptWorkHandler(kernel, false),
}

/** Revision 7 (8 June 2026). Reschedule points in the leader's loops. [L v7] */
export const V7: Policy = {
  ...V5,
  name: 'v7',
  summary: 'as v6, with reschedule points in the leader loops',
  work: (kernel) => rmpoptWorkHandler(kernel, true),
}

/**
 * The current CPU is a primary in the mask: it leads. It is a sibling of one: it leads, the MSR is per core. Otherwise the first CPU of
 * the mask leads, by cross calls, under the hotplug lock. [L v6]
 */
export function* rmpoptWorkHandler(kernel: Kernel, reschedules: boolean): Routine<void> {
  const { rmpopt, machine } = kernel
  const { cpuSets } = machine.topology
  const regions = regionsToScan(kernel)
  yield { op: 'migrate-disable' }
  const cpu = yield* smpProcessorId()
  const here = primaryOf(kernel, cpu)
  const leader = here ?? (members(rmpopt.primaries).next().value as number)
  const followers = cpuSets.minus(rmpopt.primaries, cpuSets.of([leader]))
  kernel.tell.passBegins(here === undefined ? leader : cpu, [regions])
  if (here !== undefined) yield* rmpoptHere(kernel, cpu, regions, { reschedules })
  else yield* holding(kernel.hotplugLock, 'shared', rmpoptOnMask(kernel, cpuSets.of([leader]), regions, { reschedules }))
  yield { op: 'migrate-enable' }
  yield* holding(kernel.hotplugLock, 'shared', rmpoptOnMask(kernel, followers, regions))
  kernel.tell.passEnds()
}

/** The primary in the mask that is this CPU or a sibling of it: `topology_sibling_cpumask` has online threads only [K]. */
function primaryOf(kernel: Kernel, cpu: number): number | undefined {
  const { rmpopt, machine } = kernel
  const siblings: IndexSet = onlineOf(kernel, machine.topology.siblings(cpu))
  for (const sibling of members(siblings)) if (has(rmpopt.primaries, sibling)) return sibling
  return undefined
}
