import {
  type Guest,
  type Kernel,
  kvmDestroyVm,
  kvmGmemPopulate,
  type Routine,
  sevSnpInit,
  sevSnpLaunch,
  sleepUntil,
  snpRmptableFound,
} from '../../../kernel/index.ts'

/** A host that has SNP initialised and has made its first passes. */
export const UP: readonly ((kernel: Kernel) => Routine<unknown>)[] = [snpRmptableFound, sevSnpInit]

/** Until the outside lets it go on. */
export const pause = (): Routine<void> => sleepUntil(0)

export interface Life {
  readonly id: number
  readonly pages: number
  readonly vcpus?: number
  /** What the guest does between its launch and its end. */
  readonly meanwhile?: (kernel: Kernel, guest: Guest) => Routine<unknown>
}

/** A guest is launched, uses all of its memory, and is destroyed. */
export function* guestLife(kernel: Kernel, { id, pages, vcpus = 1, meanwhile }: Life): Routine<void> {
  const memory = kernel.memory.allocateGuest(pages, 'snp')
  if (memory === undefined) return
  const guest = yield* sevSnpLaunch(kernel, { id, vcpus, memory, imagePages: 1 })
  if ('failed' in guest) {
    if (guest.memoryIsUntouched) kernel.memory.freeGuest(memory)
    return
  }
  yield* kvmGmemPopulate(kernel, guest, guest.pages)
  if (meanwhile !== undefined) yield* meanwhile(kernel, guest)
  yield* kvmDestroyVm(kernel, guest)
}
