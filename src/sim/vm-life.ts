import { MIB, type Ns, SECOND } from '../arch/index.ts'
import {
  type Guest,
  type Kernel,
  kvmConvertToShared,
  kvmDestroyVm,
  kvmGmemPopulate,
  type Routine,
  sevSnpLaunch,
  sleepUntil,
} from '../kernel/index.ts'
import { type Assumption, choice } from '../machine/index.ts'
import type { GuestCpus } from './guest-cpus.ts'

/** A VM as it is placed on a host. */
export interface HostedVm {
  readonly id: number
  readonly createdNs: Ns
  /** Infinity: it outlives the run. */
  readonly deletedNs: Ns
  readonly vcpus: number
  readonly memoryBytes: number
  readonly isSnp: boolean
}

/** How an SNP guest behaves. */
export interface GuestBehaviour {
  /** Size of the launch image (firmware, kernel hashes …) in bytes. */
  readonly imageBytes: number
  /** How long it takes the guest to touch all of its memory, in order of guest addresses. */
  readonly touchNs: Ns
  /** In how many bursts it does so. */
  readonly touchBursts: number
  /** Pages per vCPU that it turns shared once its memory is there: its GHCB. */
  readonly sharedPagesPerVcpu: number
}

export const DEFAULT_BEHAVIOUR: GuestBehaviour = {
  imageBytes: 4 * MIB,
  touchNs: 60 * SECOND,
  touchBursts: 16,
  sharedPagesPerVcpu: 1,
}

export function behaviourAssumptions(b: GuestBehaviour): Assumption[] {
  return [
    choice('guest image', `${b.imageBytes / MIB} MiB`, 'LAUNCH_UPDATE pages of a usual OVMF image'),
    choice(
      'guest touches memory',
      `all of it in ${b.touchNs / SECOND} s, ${b.touchBursts} bursts`,
      'from 0 up; private from then on to the end',
    ),
    choice('guest shares pages', `${b.sharedPagesPerVcpu} per vCPU`, 'its GHCB: a 4K conversion that splits a 2M entry [K]'),
    choice(
      'launch',
      'without SNP_LAUNCH_START',
      'it touches no page; its place between GCTX_CREATE and ACTIVATE is not modelled',
    ),
    choice(
      'teardown look-ups',
      'one a huge page',
      'Linux looks up the entry of each 4K page it gives back; here the first of a run stands for it',
    ),
    choice(
      'guest memory',
      'allocated at launch',
      'which SPAs a guest has is decided when it starts, its RMP entries follow on demand',
    ),
    choice('no memory', 'wait 1 s', 'a VM that arrives while the memory meant for it is still being returned waits'),
  ]
}

/** What a VM lives in. */
export interface Surroundings {
  readonly kernel: Kernel
  readonly behaviour: GuestBehaviour
  readonly counts: VmCounts
  readonly guestCpus: Pick<GuestCpus, 'take' | 'give'>
  now(): Ns
}

/** What a VM may have to wait for, counted. */
export interface VmCounts {
  launched: number
  /** Launches that failed, such as for want of an ASID. */
  failed: number
  /** Seconds spent waiting for memory. */
  memoryWaits: number
}

const RETRY_NS = 1 * SECOND

/** The life of an SNP guest, from its request to the return of its memory. */
export function* snpVmLife(around: Surroundings, vm: HostedVm): Routine<void> {
  const { kernel, behaviour, counts, guestCpus, now } = around
  yield* arrive(vm)
  const memory = yield* waitForMemory(around, vm)
  if (memory === undefined) return
  const { pageBytes } = kernel.machine.geometry
  const imagePages = behaviour.imageBytes / pageBytes
  const guest = yield* sevSnpLaunch(kernel, { id: vm.id, vcpus: vm.vcpus, memory, imagePages })
  if ('failed' in guest) {
    counts.failed++ // its memory went back when the launch was undone, or never was the guest's
    if (guest.memoryIsUntouched) giveBack(kernel, memory, 'snp')
    return
  }
  counts.launched++
  const cpus = guestCpus.take(vm.vcpus)
  kernel.tell.guestPlaced(guest, cpus)
  yield* touch(kernel, guest, vm, behaviour, now())
  yield* sleepUntil(vm.deletedNs)
  guestCpus.give(cpus)
  yield* kvmDestroyVm(kernel, guest)
}

/** Burst after burst, until all is touched or the guest is to go. */
function* touch(kernel: Kernel, guest: Guest, vm: HostedVm, behaviour: GuestBehaviour, startNs: Ns): Routine<void> {
  const { hugePages } = kernel.machine.geometry
  const { touchBursts, touchNs } = behaviour
  for (let burst = 1; burst <= touchBursts; burst++) {
    const atNs = startNs + Math.round((touchNs * (burst - 1)) / touchBursts)
    if (atNs >= vm.deletedNs) return
    yield* sleepUntil(atNs)
    const to = burst === touchBursts ? guest.pages : Math.floor((guest.pages * burst) / touchBursts / hugePages) * hugePages
    yield* kvmGmemPopulate(kernel, guest, to)
  }
  const shared = Math.min(vm.vcpus * behaviour.sharedPagesPerVcpu, guest.pages)
  kernel.tell.conversionBegins(guest, 'shared')
  for (let page = guest.pages - shared; page < guest.pages; page++) yield* kvmConvertToShared(kernel, guest, page)
  kernel.tell.conversionEnds()
}

/** The life of an ordinary guest: it takes memory, and gives it back. Nothing of it is in the RMP. */
export function* ordinaryVmLife(around: Surroundings, vm: HostedVm): Routine<void> {
  const { kernel, counts, guestCpus } = around
  yield* arrive(vm)
  const memory = yield* waitForMemory(around, vm)
  if (memory === undefined) return
  counts.launched++
  const cpus = guestCpus.take(vm.vcpus)
  yield* sleepUntil(vm.deletedNs)
  guestCpus.give(cpus)
  giveBack(kernel, memory, 'ordinary')
}

/** VMs that end at this moment go first, as they do where VMs are placed on hosts: who sleeps again wakes after them. */
function* arrive({ createdNs }: HostedVm): Routine<void> {
  yield* sleepUntil(createdNs)
  yield* sleepUntil(createdNs)
}

type Memory = NonNullable<ReturnType<Kernel['memory']['allocateGuest']>>

function* waitForMemory({ kernel, counts, now }: Surroundings, vm: HostedVm): Routine<Memory | undefined> {
  const user = vm.isSnp ? 'snp' : 'ordinary'
  const pages = Math.ceil(vm.memoryBytes / kernel.machine.geometry.pageBytes)
  while (now() < vm.deletedNs) {
    const memory = kernel.memory.allocateGuest(pages, user)
    if (memory !== undefined) {
      kernel.tell.memory(memory, user, 1)
      return memory
    }
    counts.memoryWaits++
    yield* sleepUntil(now() + RETRY_NS)
  }
  counts.failed++
  return undefined
}

function giveBack(kernel: Kernel, memory: Memory, user: 'snp' | 'ordinary'): void {
  kernel.memory.freeGuest(memory)
  kernel.tell.memory(memory, user, -1)
}
