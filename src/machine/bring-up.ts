import {
  assert,
  type CpuFeatures,
  type CpuId,
  encodeRmpoptBase,
  GIB,
  MIB,
  MSR_RMPOPT_BASE,
  MSR_SYSCFG,
  planSegmented,
  type Spa,
  type SpaRange,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
} from '../arch/index.ts'
import { firmwareCommand } from './firmware/index.ts'
import type { Machine, MachineSpec } from './machine.ts'

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

/**
 * A machine to try things on: one socket, one NUMA node, RAM from 0 on, its segmented RMP at the top of it.
 * @param size `memoryGib` 1 or more; `cores` 1 or more; `threadsPerCore` 1 (default) or 2
 */
export function planMachine({
  memoryGib,
  cores,
  threadsPerCore = 1,
}: {
  memoryGib: number
  cores: number
  threadsPerCore?: 1 | 2
}): MachineSpec {
  const end = memoryGib * GIB
  let top = end - MIB
  const place = (_: number, bytes: number) => {
    top -= Math.ceil(bytes / MIB) * MIB
    return top
  }
  const ram = [{ start: 0, end, node: 0 }]
  const layout = planSegmented({ ram, segmentShift: 36, base: end - MIB, place })
  return {
    topology: { sockets: 1, coresPerSocket: cores, threadsPerCore, nodesPerSocket: 1 },
    ram,
    layout,
    features: ALL_FEATURES,
  }
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
