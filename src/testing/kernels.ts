/** Kernels to test on: booted on a test machine, driven by `Drive`, what they tell written down. */
import type { CpuId, Pfn } from '../arch/index.ts'
import {
  createPhysicalMemory,
  type Extent,
  type Guest,
  Kernel,
  KernelListener,
  type KernelSpec,
  type LaunchFailure,
  type LaunchSpec,
  type Placement,
  type RegionRange,
  type RmpoptDriver,
  type Routine,
  rmpoptCleanup,
  rmpoptWorkHandler,
  sevSnpInit,
  sevSnpLaunch,
  snpRmpoptAllPhysmem,
  snpSetupRmpopt,
} from '../kernel/index.ts'
import type { Machine } from '../machine/index.ts'
import { Drive } from './drive.ts'
import { smallMachine, type TestMachineSpec } from './machines.ts'

/** The driver of revision 10, put together from the kernel's own routines. */
export const V10_DRIVER: RmpoptDriver = {
  name: 'v10',
  summary: 'the published driver',
  setup: snpSetupRmpopt,
  work: rmpoptWorkHandler,
  vmDestroyed: (kernel) => snpRmpoptAllPhysmem(kernel),
  cleanup: rmpoptCleanup,
}

/** What the kernel has told, in order; log lines apart. */
export class Told extends KernelListener {
  readonly lines: string[] = []
  readonly events: string[] = []
  readonly faults: { readonly cpu: CpuId; readonly doing: string }[] = []
  readonly leaks: Extent[] = []
  readonly returned: (readonly Extent[])[] = []

  override log(line: string): void {
    this.lines.push(line)
  }
  override snpEnabled(): void {
    this.events.push('SNP enabled')
  }
  override snpDisabled(): void {
    this.events.push('SNP disabled')
  }
  override passRequested(): void {
    this.events.push('pass requested')
  }
  override passBegins(cpu: CpuId, regions: readonly RegionRange[]): void {
    this.events.push(`pass begins on ${cpu}: ${regions[0].first} to ${regions[regions.length - 1].end}`)
  }
  override passEnds(): void {
    this.events.push('pass ends')
  }
  override guestLaunched({ id }: Guest): void {
    this.events.push(`guest ${id} launched`)
  }
  override guestDestroyed({ id }: Guest): void {
    this.events.push(`guest ${id} destroyed`)
  }
  override guestMemoryReturned({ id }: Guest): void {
    this.events.push(`guest ${id} memory returned`)
  }
  override memory(extents: readonly Extent[], _user: string, sign: 1 | -1): void {
    if (sign < 0) this.returned.push(extents)
  }
  override leaked(pfn: Pfn, pages: number): void {
    this.leaks.push({ pfn, pages })
  }
  override fault(cpu: CpuId, doing: string): void {
    this.faults.push({ cpu, doing })
  }
}

export interface TestKernel {
  readonly machine: Machine
  readonly kernel: Kernel
  readonly drive: Drive
  readonly told: Told
}

/** What a test kernel has other than the defaults; `ranges` is its usable memory, by default all below the RMP. */
export interface TestKernelSpec extends Partial<Omit<KernelSpec, 'machine' | 'memory'>> {
  readonly placement?: Placement
}

/** A kernel that has not done anything yet. */
export function testKernel(machine: Machine, spec: TestKernelSpec = {}): TestKernel {
  const { placement = 'lowest', backing = '2m', ...rest } = spec
  const end = machine.layout?.base ?? machine.ram[0].end
  const ranges = [{ start: 0, end, node: 0 }]
  const memory = createPhysicalMemory({ geometry: machine.geometry, ranges, placement, backing })
  const kernel = new Kernel({ machine, driver: V10_DRIVER, memory, backing, ...rest })
  const told = new Told()
  kernel.tell = told
  return { machine, kernel, drive: new Drive(kernel), told }
}

/** A kernel on a small machine that has brought SNP up; the first pass is queued, not run. */
export function bootSmall(machine: TestMachineSpec = {}, spec: TestKernelSpec = {}): TestKernel {
  const test = testKernel(smallMachine({ freeRegions: 8, ...machine }), spec)
  // As snp_rmptable_init leaves it: the layout of a small machine is none that it would accept.
  test.kernel.hostSnp = true
  test.kernel.rmpIsSegmented = true
  test.drive.call(sevSnpInit(test.kernel))
  return test
}

/** What a guest is launched with, but for its memory: how many pages of it. */
export interface TestGuestSpec extends Partial<Omit<LaunchSpec, 'memory'>> {
  readonly pages?: number
}

/** Launches a guest in memory taken from the kernel; memory that the launch did not touch goes back. */
export function* launch({ kernel }: Pick<TestKernel, 'kernel'>, spec: TestGuestSpec = {}): Routine<Guest | LaunchFailure> {
  const { pages = 8, id = 0, vcpus = 1, imagePages = 3 } = spec
  const memory = kernel.memory.allocateGuest(pages, 'snp')
  if (memory === undefined) return { failed: 'no memory', memoryIsUntouched: true }
  const guest = yield* sevSnpLaunch(kernel, { id, vcpus, imagePages, memory })
  if ('failed' in guest && guest.memoryIsUntouched) kernel.memory.freeGuest(memory)
  return guest
}

/** The same, at once, for a guest that is sure to come up. */
export function launched(test: TestKernel, spec: TestGuestSpec = {}): Guest {
  const guest = test.drive.call(launch(test, spec))
  if ('failed' in guest) throw new Error(`the guest is launched: ${guest.failed}`)
  return guest
}
