import type { SpaRange } from '../arch/index.ts'
import type { IndexSet, Machine } from '../machine/index.ts'
import { Asids } from './asid.ts'
import { KernelListener } from './events.ts'
import type { Backing, PhysicalMemory } from './memory/index.ts'
import { nothing } from './ops.ts'
import { RegionMarks } from './region-marks.ts'
import type { RmpoptDriver } from './rmpopt-driver.ts'
import { DelayedWork, KThread, Lock } from './sync.ts'

/** What a kernel is booted with. */
export interface KernelSpec {
  readonly machine: Machine
  /** The code that drives RMPOPT: the revision under study. */
  readonly driver: RmpoptDriver
  readonly memory: PhysicalMemory
  /** Backing of guest memory: the size of a guest_memfd folio. */
  readonly backing: Backing
  /** CPUs brought online at boot; default all (`maxcpus=` leaves some out). */
  readonly online?: IndexSet
  /** Memory that the firmware driver sets aside for the firmware, such as the TMR. */
  readonly firmwareRanges?: readonly SpaRange[]
  /** Reserved ranges of the memory map, which SNP_INIT_EX is told to leave to the hypervisor for good. */
  readonly hvFixedRanges?: readonly SpaRange[]
}

/** The state of RMPOPT in the kernel: what `arch/x86/virt/svm/sev.c` keeps in static variables. */
export interface RmpoptState {
  /** Around setup, request and cleanup [L v5]. */
  readonly mutex: Lock
  isConfigured: boolean
  /** Range that passes go over, 1 GiB aligned, end exclusive. */
  range: SpaRange
  /** The first thread of each core: the CPUs that execute RMPOPT. */
  primaries: IndexSet
  readonly work: DelayedWork
  readonly thread: KThread
  /** A pass was asked for through the file and has not ended: v1's `in_progress`. */
  isInProgress: boolean
  /** Regions that wait to be re-optimised, for policies that keep them. */
  readonly dirty: RegionMarks
}

/** The state of the host software on one machine. Routines work on it; nothing else does. */
export class Kernel {
  readonly machine: Machine
  readonly driver: RmpoptDriver
  readonly memory: PhysicalMemory
  readonly backing: Backing
  readonly firmwareRanges: readonly SpaRange[]
  readonly hvFixedRanges: readonly SpaRange[]
  tell = new KernelListener()

  online: IndexSet
  /** `cpus_read_lock` and, for a CPU going on- or offline, `cpus_write_lock`. */
  readonly hotplugLock = new Lock('cpu_hotplug_lock')
  /** `cpu_add_remove_lock`, outside `cpu_hotplug_lock`. */
  readonly hotplugOuterLock = new Lock('cpu_add_remove_lock')
  /** Counted: while it is above 0, CPUs cannot go on- or offline. */
  hotplugDisabled = 0
  /** v9's once-only flag: SNP has disabled hotplug. */
  hotplugDisabledBySnp = false
  /** Logical CPUs that run vCPUs. */
  guestCpus: () => IndexSet

  /** The host may run SNP: the RMP was found good (`CC_ATTR_HOST_SEV_SNP`). */
  hostSnp = false
  rmpIsSegmented = false
  /** The firmware driver's `snp_initialized`. */
  snpInitialised = false
  readonly firmwareMutex = new Lock('sev_cmd_mutex')
  readonly rmpopt: RmpoptState
  readonly asids: Asids
  leakedPages = 0

  constructor(spec: KernelSpec) {
    const { cpuSets } = spec.machine.topology
    this.machine = spec.machine
    this.driver = spec.driver
    this.memory = spec.memory
    this.backing = spec.backing
    this.online = spec.online ?? cpuSets.all
    this.guestCpus = () => cpuSets.none
    this.firmwareRanges = spec.firmwareRanges ?? []
    this.hvFixedRanges = spec.hvFixedRanges ?? []
    this.asids = new Asids(spec.machine.asidMax)
    this.rmpopt = {
      mutex: new Lock('rmpopt_mutex'),
      isConfigured: false,
      range: { start: 0, end: 0 },
      primaries: cpuSets.none,
      work: new DelayedWork('rmpopt_delayed_work', () => spec.driver.work?.(this) ?? nothing()),
      thread: new KThread('rmpopt_kthread', () => spec.driver.thread?.(this) ?? nothing()),
      isInProgress: false,
      dirty: new RegionMarks(),
    }
  }

  log(line: string): void {
    this.tell.log(line)
  }
}
