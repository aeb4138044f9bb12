import { assert, type CpuId, geometry, KIB, RMP_BOOKKEEPING_BYTES, RST_BYTES } from '../../arch/index.ts'
import { Kernel, loadKernel, type RmpoptDriver, saveKernel } from '../../kernel/index.ts'
import { ALL_FEATURES, has, Machine, type MachineOptions, members, WordReader } from '../../machine/index.ts'
import { SmallMemory } from './memory.ts'
import { Monitor } from './monitor.ts'

/** What a small machine is made of. */
export interface SmallMachine {
  readonly cores: number
  /** Threads of a core. Default: 1. */
  readonly threads?: 1 | 2
  /** Regions that hold nothing of the RMP, each of three huge pages of two pages. */
  readonly regions: number
  /** ASIDs that guests may have. Default: 2. */
  readonly asids?: number
  readonly options?: Partial<MachineOptions>
}

/** Regions of three huge pages of two pages: the RMP's own five pages fit into one. */
const SMALL = geometry(4 * KIB, 2, 3)

/** How a task stands to CPUs and locks. */
interface Task {
  /** CPU that it is pinned to, or was moved to; -1: it may be anywhere. */
  cpu: CpuId | -1
  /** Depth of `migrate_disable`. */
  pinned: number
  /** Depth of atomic context. */
  atomic: number
  /** It waited, and may go on. */
  isWoken: boolean
  /** Locks that it holds, one bit each, by their position among the world's. */
  held: number
  /** CPUs that its IPI went to, one bit each, while it waits for them: with preemption disabled, so that none can go offline [K]. */
  interrupts: number
}

/**
 * A kernel on its machine with its tasks: the state that threads share. The kernel's own objects, nothing re-modelled; only the memory
 * allocator is one of few pages, so that its state can be saved.
 */
export class KernelWorld {
  readonly machine: Machine
  readonly kernel: Kernel
  readonly memory: SmallMemory
  readonly monitor = new Monitor()
  readonly tasks: readonly Task[]
  /** CPUs that are in the middle of an instruction, one bit each. */
  busy = 0
  /** Which locks were taken inside which others on the way here. */
  lockOrder = 0
  /** Somebody has started the kernel thread, and it has not begun. */
  threadIsWanted = false

  constructor(spec: SmallMachine, driver: RmpoptDriver, tasks: number, online?: readonly CpuId[]) {
    const { cores, threads = 1, regions, asids = 2, options } = spec
    const base = regions * SMALL.regionBytes
    assert(RMP_BOOKKEEPING_BYTES + RST_BYTES <= SMALL.regionBytes, 'the RMP fits into one region')
    this.machine = new Machine({
      geometry: SMALL,
      topology: { sockets: 1, coresPerSocket: cores, threadsPerCore: threads, nodesPerSocket: 1 },
      ram: [{ start: 0, end: base + SMALL.regionBytes, node: 0 }],
      layout: { kind: 'segmented', base, segmentShift: 30, segments: [] },
      features: ALL_FEATURES,
      asidMax: asids,
      options,
    })
    this.memory = new SmallMemory(regions * SMALL.regionPages, SMALL.hugePages)
    const { cpuSets } = this.machine.topology
    this.kernel = new Kernel({
      machine: this.machine,
      driver,
      memory: this.memory,
      backing: '2m',
      online: online === undefined ? cpuSets.all : cpuSets.of(online),
    })
    this.tasks = Array.from({ length: tasks }, () => ({ cpu: -1, pinned: 0, atomic: 0, isWoken: false, held: 0, interrupts: 0 }))
    this.kernel.tell = this.monitor
    this.kernel.rmpIsSegmented = true
    this.monitor.watch(this.machine)
  }

  /** All locks, in the order of their bits. */
  get locks(): readonly Kernel['hotplugLock'][] {
    const { hotplugLock, hotplugOuterLock, firmwareMutex, rmpopt, asids } = this.kernel
    return [hotplugOuterLock, hotplugLock, firmwareMutex, rmpopt.mutex, asids.lock]
  }

  /** Whether a task may be on this CPU now: where it is pinned to, or any that is online. */
  mayRun(task: number, cpu: CpuId): boolean {
    const { cpu: at, pinned } = this.tasks[task]
    if (at >= 0 && (pinned > 0 || has(this.kernel.online, at))) return at === cpu
    return has(this.kernel.online, cpu)
  }

  /** Some CPU that the task may be on. */
  someCpu(task: number): CpuId {
    const { cpu, pinned } = this.tasks[task]
    if (cpu >= 0 && (pinned > 0 || has(this.kernel.online, cpu))) return cpu
    return members(this.kernel.online).next().value as CpuId
  }

  /** A task is pinned to the CPU, or waits for an IPI there. */
  isWanted(cpu: CpuId): boolean {
    return this.tasks.some((task) => (task.pinned > 0 && task.cpu === cpu) || ((task.interrupts >> cpu) & 1) === 1)
  }

  /** No work runs, and nobody was woken who has not gone on. */
  get isIdle(): boolean {
    return !this.kernel.rmpopt.work.isRunning && !this.threadIsWanted && !this.tasks.some(({ isWoken }) => isWoken)
  }

  save(): number[] {
    const to: number[] = []
    saveKernel(this.kernel, to)
    this.memory.save(to)
    this.monitor.save(to)
    to.push(this.threadIsWanted ? 1 : 0, this.busy, this.lockOrder)
    for (const { cpu, pinned, atomic, isWoken, held, interrupts } of this.tasks)
      to.push(cpu, pinned * 2 + (isWoken ? 1 : 0), atomic, held, interrupts)
    return to
  }

  load(words: Int32Array): void {
    const from = new WordReader(words)
    loadKernel(this.kernel, from)
    this.memory.load(from)
    this.monitor.load(from)
    this.threadIsWanted = from.next() === 1
    this.busy = from.next()
    this.lockOrder = from.next()
    for (const task of this.tasks) {
      task.cpu = from.next()
      const bits = from.next()
      task.pinned = bits >> 1
      task.isWoken = (bits & 1) !== 0
      task.atomic = from.next()
      task.held = from.next()
      task.interrupts = from.next()
    }
  }
}
