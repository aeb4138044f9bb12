import type { Machine } from '../machine/index.ts'

/** The NUMA node that each region's memory belongs to; its RMP segment lies there, too [K]. */
export function nodesOfRegions({ ram, rmp, geometry }: Machine): Int32Array {
  let range = 0
  return Int32Array.from({ length: rmp.regions }, (_, region) => {
    while (range < ram.length - 1 && ram[range].end <= region * geometry.regionBytes) range++
    return ram[range].node
  })
}
