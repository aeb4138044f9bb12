import type { Kernel } from '../../kernel/index.ts'
import type { KernelWorld } from './world.ts'

/** Which objects routines may come across change, and which never do. */
export function graphOf({ kernel, machine, memory, monitor }: KernelWorld): { places: object[]; constants: unknown[] } {
  const { rmpopt, asids, hotplugLock, hotplugOuterLock, firmwareMutex } = kernel
  const { rmp, tables, firmware, tlb, cpus, geometry, topology, features, options, layout, ram, covered, rmpOwn } = machine
  return {
    places: [
      ...[kernel, rmpopt, rmpopt.mutex, rmpopt.work, rmpopt.thread, rmpopt.dirty, asids, asids.lock],
      ...[hotplugLock, hotplugOuterLock, firmwareMutex, memory, monitor],
      ...[
        machine,
        rmp,
        rmp.assignedPages,
        tables,
        machine.locks,
        tables.bases,
        tables.sets,
        tables.cached,
        firmware,
        tlb,
        machine.tell,
        cpus,
        ...cpus,
      ],
    ],
    constants: [geometry, topology, features, options, layout, ram, covered, rmpOwn, kernel.driver, ...rangesOf(kernel)].filter(
      (constant) => constant !== undefined,
    ),
  }
}

function rangesOf({ firmwareRanges, hvFixedRanges }: Kernel): unknown[] {
  return [firmwareRanges, hvFixedRanges]
}

/** Parts of places that never change, besides the places within them. */
export const FIXED = new Set<string | symbol>([
  'backing',
  'reachBytes',
  'regions',
  'asidMax',
  'folioPages',
  'log',
  'isCovered',
  'regionOf',
])
