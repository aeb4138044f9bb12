import { ARRIVAL_STEP_S } from './model.ts'
import { type Survival, survivalOf } from './survival.ts'
import type { Trace } from './trace.ts'

/** Until when a trace was observed, seconds: the end of the arrival step of its last VM. */
export function observationEndS(trace: Trace): number {
  return (Math.floor(trace.createdS[trace.count - 1] / ARRIVAL_STEP_S) + 1) * ARRIVAL_STEP_S
}

/** Lifetimes of some VMs of a trace that was observed up to `endS`; a deletion after that counts as one at `endS`. */
export function survivalOfVms(trace: Trace, vms: Uint32Array, endS: number): Survival {
  const lifetimesS = Float64Array.from(vms, (vm) => lifetimeUpTo(endS, trace.createdS[vm], trace.deletedS[vm]))
  return survivalOf(
    lifetimesS,
    Float64Array.from(vms, (vm) => endS - trace.createdS[vm]),
  )
}

/** VMs grouped by vCPUs and memory, in order of first appearance. */
export function groupByFlavour(trace: Trace, vms: Iterable<number>): number[][] {
  const groups = new Map<string, number[]>()
  for (const vm of vms) {
    const key = `${trace.vcpus[vm]}/${trace.memoryBytes[vm]}`
    const group = groups.get(key)
    if (group) group.push(vm)
    else groups.set(key, [vm])
  }
  return [...groups.values()]
}

function lifetimeUpTo(endS: number, createdS: number, deletedS: number): number {
  return (deletedS === Number.POSITIVE_INFINITY ? deletedS : Math.min(deletedS, endS)) - createdS
}
