/** Machines to test on. */
import {
  AMD64,
  type CpuFeatures,
  type Geometry,
  GIB,
  geometry,
  KIB,
  MIB,
  planSegmented,
  RMP_BOOKKEEPING_BYTES,
  RST_BYTES,
} from '../arch/index.ts'
import { ALL_FEATURES, Machine, type MachineOptions, type MachineSpec } from '../machine/index.ts'

export { ALL_FEATURES, enableSnp, initSnp, setRmpoptBase } from '../machine/index.ts'

/** Regions of two huge pages of two pages: small enough to try everything. */
export const SMALL: Geometry = geometry(4 * KIB, 2, 2)

export interface TestMachineSpec {
  readonly geometry?: Geometry
  readonly cores?: number
  readonly threadsPerCore?: 1 | 2
  /** Regions from SPA 0 on that hold nothing of the RMP; those that do come after them. */
  readonly freeRegions?: number
  readonly features?: Partial<CpuFeatures>
  readonly reachBytes?: number
  readonly asidMax?: number
  readonly options?: Partial<MachineOptions>
}

/** A machine of `SMALL` regions, by default two free ones, two cores of one thread. */
export function smallMachine(spec: TestMachineSpec = {}): Machine {
  const g = spec.geometry ?? SMALL
  const base = (spec.freeRegions ?? 2) * g.regionBytes
  const rmpRegions = Math.ceil((RMP_BOOKKEEPING_BYTES + RST_BYTES) / g.regionBytes)
  return machineOf(spec, {
    geometry: g,
    ram: [{ start: 0, end: base + rmpRegions * g.regionBytes, node: 0 }],
    layout: { kind: 'segmented', base, segmentShift: 30, segments: [] },
  })
}

/** A machine of real pages and regions, by default two free ones of 1 GiB; its segmented RMP fills part of the third. */
export function tinyMachine(spec: TestMachineSpec = {}): Machine {
  const base = (spec.freeRegions ?? 2) * GIB
  const ram = [{ start: 0, end: base + GIB, node: 0 }]
  const layout = planSegmented({ ram, segmentShift: 30, base, place: (segment) => base + MIB + segment * 4 * MIB })
  return machineOf(spec, { geometry: AMD64, ram, layout })
}

function machineOf(spec: TestMachineSpec, made: Pick<MachineSpec, 'geometry' | 'ram' | 'layout'>): Machine {
  return new Machine({
    ...made,
    topology: { sockets: 1, coresPerSocket: spec.cores ?? 2, threadsPerCore: spec.threadsPerCore ?? 1, nodesPerSocket: 1 },
    features: { ...ALL_FEATURES, ...spec.features },
    asidMax: spec.asidMax,
    options: { ...spec.options, ...(spec.reachBytes === undefined ? {} : { tableReachBytes: spec.reachBytes }) },
  })
}
