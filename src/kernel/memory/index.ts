export { createPhysicalMemory } from './physical-memory.ts'
export { BACKINGS, type Backing, PLACEMENTS, type Placement } from './placement.ts'
export type { UsableRange } from './runs.ts'
export type { Extent, MemoryUser, PhysicalMemory } from './types.ts'
