import {
  decodeRmpCfg,
  entryBytes,
  layoutProblem,
  logRmpSegment,
  logRmpTableRange,
  logSegmentedRmpBaseTableRange,
  logSegmentedRmpSegmentSize,
  MSR_RMP_BASE,
  MSR_RMP_CFG,
  MSR_RMP_END,
  MSR_SYSCFG,
  mappedBytes,
  RMP_BOOKKEEPING_BYTES,
  RST_BYTES,
  type SegmentedRmp,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
  segmentBytes,
} from '../arch/index.ts'
import { hotplugDisable, hotplugEnable } from './hotplug.ts'
import type { Kernel } from './kernel.ts'
import { execute, holding, onEachCpuMask, type Routine } from './ops.ts'
import type { HotplugRule } from './rmpopt-driver.ts'

/** `snp_probe_rmptable_info`: reads the MSRs, checks the segment size against CPUID. @returns whether there is an RMP to use [K] */
export function* snpProbeRmptableInfo(kernel: Kernel): Routine<boolean> {
  const { features } = kernel.machine
  if (!features.snp) return false
  const base = Number(yield* readMsr(MSR_RMP_BASE))
  if (base === 0) return refuse(kernel, 'Memory for the RMP table has not been reserved by BIOS')
  const cfg = features.segmentedRmp ? decodeRmpCfg(yield* readMsr(MSR_RMP_CFG)) : { segmented: false, segmentShift: 0 }
  kernel.rmpIsSegmented = cfg.segmented
  if (!cfg.segmented) {
    const end = Number(yield* readMsr(MSR_RMP_END))
    kernel.log(logRmpTableRange(base, end))
    return true
  }
  const { segmentShift: shift } = cfg
  if (shift < features.minSegmentShift || shift > features.maxSegmentShift) {
    const range = `(${features.minSegmentShift} - ${features.maxSegmentShift})`
    return refuse(kernel, `RMP segment size (${shift}) is not within advertised bounds ${range}`)
  }
  kernel.log(logSegmentedRmpBaseTableRange(base, base + RMP_BOOKKEEPING_BYTES + RST_BYTES - 1))
  kernel.log(logSegmentedRmpSegmentSize(shift))
  return true
}

/** `snp_rmptable_init`: maps the segments, checks that they cover RAM. @returns whether the host may run SNP [K] */
export function* snpRmptableInit(kernel: Kernel): Routine<boolean> {
  if (!(yield* snpProbeRmptableInfo(kernel))) return false
  const { layout, ram, features } = kernel.machine
  if (layout === undefined) return refuse(kernel, 'the RMP described by the MSRs is not in memory')
  const problem = layoutProblem(layout, ram)
  if (problem !== undefined) return refuse(kernel, problem)
  if (layout.kind === 'segmented') {
    const mapped = layout.segments.filter((_, i) => mappedBytes(layout, i) > 0).length
    if (features.segmentCountIsHard && mapped > features.cacheableSegments) {
      return refuse(kernel, `${mapped} RMP segments are more than the ${features.cacheableSegments} that the CPU supports`)
    }
    logSegments(kernel, layout)
  }
  yield* snpRmptableFound(kernel)
  return true
}

/** The rest of `snp_rmptable_init`: the RMP is good, SNP is or may be enabled, and RMPOPT's driver is told. [K, L v1, L v10] */
export function* snpRmptableFound(kernel: Kernel): Routine<void> {
  kernel.hostSnp = true
  const { driver } = kernel
  if ((yield* readMsr(MSR_SYSCFG)) & SYSCFG_SNP_EN) {
    if (rule(kernel) === 'before-snp-en') yield* freezeCpus(kernel) // a kexec target finds SNP on [L v10]
    kernel.tell.snpEnabled()
  } else if (driver.snpEnable === 'boot') {
    yield { op: 'clear-rmp' }
    yield* holding(kernel.hotplugLock, 'shared', snpEnableOnline(kernel))
  }
  if (driver.booted) yield* driver.booted(kernel)
}

function rule({ driver }: Kernel): HotplugRule {
  return driver.hotplug ?? 'before-snp-en'
}

/** The set of CPUs must not change any more. */
function* freezeCpus(kernel: Kernel): Routine<void> {
  if (kernel.hotplugDisabledBySnp) return // an earlier attempt did
  kernel.hotplugDisabledBySnp = true
  yield* hotplugDisable(kernel)
}

/** `snp_prepare`: enables SNP on every CPU, unless a previous kernel has. @returns whether it is on [L v9, v10] */
export function* snpPrepare(kernel: Kernel): Routine<boolean> {
  if ((yield* readMsr(MSR_SYSCFG)) & SYSCFG_SNP_EN) return true
  yield { op: 'clear-rmp' } // the bookkeeping and all entries [K]
  const freezes = rule(kernel) === 'before-snp-en'
  if (freezes) yield* freezeCpus(kernel)
  const result = yield* holding(kernel.hotplugLock, 'shared', snpEnableAll(kernel))
  if (freezes && result === 'not tried') yield* unfreezeCpus(kernel) // once SNP_EN is set somewhere it stays disabled [L v10]
  return result === 'enabled'
}

function* unfreezeCpus(kernel: Kernel): Routine<void> {
  kernel.hotplugDisabledBySnp = false
  yield* hotplugEnable(kernel)
}

function* snpEnableAll(kernel: Kernel): Routine<'enabled' | 'failed' | 'not tried'> {
  const { online, machine } = kernel
  if (online !== machine.topology.cpuSets.all) {
    refuse(kernel, 'SNP needs all present CPUs to be online')
    return 'not tried'
  }
  return (yield* snpEnableOnline(kernel)) ? 'enabled' : 'failed'
}

function* snpEnableOnline(kernel: Kernel): Routine<boolean> {
  const { online } = kernel
  yield* onEachCpuMask(online, { name: 'WBINVD' })
  yield* onEachCpuMask(online, { name: 'msr_set_bit', msr: MSR_SYSCFG, bits: SYSCFG_MFDM })
  const { faulted } = yield* onEachCpuMask(online, { name: 'msr_set_bit', msr: MSR_SYSCFG, bits: SYSCFG_SNP_EN | SYSCFG_VMPL_EN })
  if (faulted.size > 0) {
    return refuse(kernel, 'SNP_EN could not be set')
  }
  kernel.tell.snpEnabled()
  return true
}

function logSegments(kernel: Kernel, layout: SegmentedRmp): void {
  layout.segments.forEach(({ address }, i) => {
    const bytes = mappedBytes(layout, i)
    if (bytes === 0) return
    const start = i * segmentBytes(layout)
    kernel.log(logRmpSegment(i, address, address + entryBytes(bytes) - 1, start, start + bytes - 1))
  })
}

function* readMsr(msr: number): Routine<bigint> {
  const outcome = yield* execute({ name: 'RDMSR', msr })
  return outcome.kind === 'done' ? outcome.value : 0n
}

function refuse(kernel: Kernel, why: string): false {
  kernel.log(`SEV-SNP: ${why}`)
  return false
}
