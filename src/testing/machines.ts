/** Machines to test on, and the way to bring them up. */
import {
  AMD64,
  assert,
  type CpuFeatures,
  type CpuId,
  encodeRmpoptBase,
  type Geometry,
  GIB,
  geometry,
  KIB,
  MIB,
  MSR_RMPOPT_BASE,
  MSR_SYSCFG,
  planSegmented,
  RMP_BOOKKEEPING_BYTES,
  RST_BYTES,
  type Spa,
  type SpaRange,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
} from '../arch/index.ts'
import { firmwareCommand, Machine, type MachineOptions, type MachineSpec } from '../machine/index.ts'

/** A CPU that has everything. */
export const ALL_FEATURES: CpuFeatures = {
  snp: true,
  rmpquery: true,
  rmpread: true,
  segmentedRmp: true,
  rmpopt: true,
  minSegmentShift: 30,
  maxSegmentShift: 40,
  cacheableSegments: 512,
  segmentCountIsHard: false,
}

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
    reachBytes: spec.reachBytes,
    asidMax: spec.asidMax,
    options: spec.options,
  })
}

/** What `enableSnp` leaves out or does otherwise. */
export interface EnableSnp {
  /** CPUs that get SNP_EN. Default: all. */
  readonly cpus?: readonly CpuId[]
  /** `false`: stop before SNP_INIT_EX. */
  readonly init?: boolean
  readonly firmwareRanges?: readonly SpaRange[]
  readonly hvFixedRanges?: readonly SpaRange[]
  /** RMPOPT_BASE of every core; `undefined`: leave it disabled. Default 0. */
  readonly rmpoptBase?: Spa | undefined
}

/** MFDM on every CPU, then SNP_EN and VMPL_EN, SNP_INIT_EX, RMPOPT_BASE: the order of §7 [K, L v8]. @returns the machine */
export function enableSnp(machine: Machine, how: EnableSnp = {}): Machine {
  const cpus = how.cpus ?? machine.cpus.map((_, cpu) => cpu)
  for (const cpu of cpus) setSyscfg(machine, cpu, SYSCFG_MFDM)
  for (const cpu of cpus) setSyscfg(machine, cpu, SYSCFG_SNP_EN | SYSCFG_VMPL_EN)
  if (how.init ?? true) initSnp(machine, how)
  const base = 'rmpoptBase' in how ? how.rmpoptBase : 0
  if (base !== undefined) for (const cpu of cpus) setRmpoptBase(machine, cpu, base)
  return machine
}

export function initSnp(machine: Machine, { firmwareRanges = [], hvFixedRanges = [] }: EnableSnp = {}): void {
  const status = firmwareCommand(machine, { name: 'SNP_INIT_EX', firmwareRanges, hvFixedRanges })
  assert(status === 'SUCCESS', `SNP_INIT_EX succeeds, not ${status}`)
}

/** Sets bits of SYSCFG, leaves the others. */
export function setSyscfg(machine: Machine, cpu: CpuId, bits: bigint): void {
  const before = machine.execute(cpu, { name: 'RDMSR', msr: MSR_SYSCFG })
  assert(before.kind === 'done', 'SYSCFG can be read')
  const { kind } = machine.execute(cpu, { name: 'WRMSR', msr: MSR_SYSCFG, value: before.value | bits })
  assert(kind === 'done', `SYSCFG takes 0x${bits.toString(16)}`)
}

/** Enables RMPOPT_BASE at `base`. */
export function setRmpoptBase(machine: Machine, cpu: CpuId, base: Spa): void {
  const { kind } = machine.execute(cpu, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: encodeRmpoptBase({ enabled: true, base }) })
  assert(kind === 'done', `RMPOPT_BASE takes 0x${base.toString(16)}`)
}
