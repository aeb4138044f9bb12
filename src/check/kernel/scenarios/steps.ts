import { assert } from '../../../arch/index.ts'
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
import { rmpoptConfigfsWrite } from '../../../policy/index.ts'
import type { Doing } from '../scenario.ts'

/** A host that has SNP initialised and has made its first passes. */
export const UP: readonly Doing[] = [snpRmptableFound, sevSnpInit]

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
export function* guestLife(kernel: Kernel, life: Life): Routine<void> {
  const guest = yield* guestBegins(kernel, life)
  if (guest === undefined) return
  if (life.meanwhile !== undefined) yield* life.meanwhile(kernel, guest)
  yield* kvmDestroyVm(kernel, guest)
}

/** A guest is launched and uses all of its memory. */
export function* guestBegins(kernel: Kernel, { id, pages, vcpus = 1 }: Life): Routine<Guest | undefined> {
  const memory = kernel.memory.allocateGuest(pages, 'snp')
  if (memory === undefined) return undefined
  const guest = yield* sevSnpLaunch(kernel, { id, vcpus, memory, imagePages: 1 })
  if ('failed' in guest) {
    if (guest.memoryIsUntouched) kernel.memory.freeGuest(memory)
    return undefined
  }
  yield* kvmGmemPopulate(kernel, guest, guest.pages)
  return guest
}

/** A guest that runs from the start. */
export function launched(life: Life): Doing {
  return function* (kernel, guests) {
    const guest = yield* guestBegins(kernel, life)
    assert(guest !== undefined, 'there is memory for the guest')
    guests.push(guest)
  }
}

/** Somebody asks for a pass, as the driver has it: by its request, or by hand (v1). A driver that has neither is not asked. */
export function* askForPass(kernel: Kernel): Routine<void> {
  const { driver } = kernel
  if (driver.vmDestroyed !== undefined) yield* driver.vmDestroyed(kernel, () => [])
  else if (driver.vmDestroying !== undefined) yield* driver.vmDestroying(kernel)
  else if (driver.inodeFreed !== undefined) yield* driver.inodeFreed(kernel)
  else if (driver.name === 'v1') yield* rmpoptConfigfsWrite(kernel)
}
