import type { CpuId, Pfn } from '../arch/index.ts'
import type { Guest } from './guest.ts'
import type { Extent, MemoryUser } from './memory/index.ts'
import type { RegionRange } from './rmpopt-pass.ts'

/** What the host software does, told as it happens. A listener takes what it needs. */
export class KernelListener {
  /** A line of the kernel log. */
  log(_line: string): void {}
  /** SNP_EN is set on every CPU: from now on writes are checked. */
  snpEnabled(): void {}
  snpDisabled(): void {}
  /** Someone asked for a re-optimisation of these regions, ascending. */
  passRequested(_regions: readonly RegionRange[]): void {}
  /** A pass goes over these regions, ascending. @param _cpu that it runs on */
  passBegins(_cpu: CpuId, _regions: readonly RegionRange[]): void {}
  /** The leader has gone over all regions; the followers begin. */
  leaderDone(): void {}
  passEnds(): void {}
  guestLaunched(_guest: Guest): void {}
  /** Its vCPUs are put on these CPUs. */
  guestPlaced(_guest: Guest, _cpus: readonly CpuId[]): void {}
  /** A task begins to make memory of the guest private or shared, folio by folio. */
  conversionBegins(_guest: Guest, _to: 'private' | 'shared'): void {}
  conversionEnds(): void {}
  /** The guest has ended; its memory may still be on its way back. */
  guestDestroyed(_guest: Guest): void {}
  /** All memory of the guest is back. */
  guestMemoryReturned(_guest: Guest): void {}
  /** Memory was taken (+1) for a VM or given back (-1). */
  memory(_extents: readonly Extent[], _user: MemoryUser, _sign: 1 | -1): void {}
  /** A kernel page was taken (+1) or given back (-1). */
  kernelPage(_pfn: Pfn, _sign: 1 | -1): void {}
  /** Pages that cannot be made shared again are lost to the host. */
  leaked(_pfn: Pfn, _pages: number): void {}
  /** The kernel has taken a fault that it did not expect. */
  fault(_cpu: CpuId, _doing: string): void {}
}

/** One listener that tells all of these, in order. */
export function tellAll(listeners: readonly KernelListener[]): KernelListener {
  const all = new KernelListener()
  const events = Object.getOwnPropertyNames(KernelListener.prototype).filter((name) => name !== 'constructor')
  for (const event of events as (keyof KernelListener)[]) {
    all[event] = (...args: unknown[]) => {
      for (const listener of listeners) (listener[event] as (...args: unknown[]) => void)(...args)
    }
  }
  return all
}
