import { type CpuId, GIB, type Ns, type RegionIndex } from '../../arch/index.ts'
import { type Guest, KernelListener } from '../../kernel/index.ts'
import type { HostSimulation } from '../../sim/index.ts'
import type { HostSpan } from '../host-events.ts'
import { GOES_ON } from './guests.ts'
import { LIMITS } from './limits.ts'
import { SpanList } from './span-list.ts'

/** One loop over folios of a guest. */
interface Burst {
  readonly guest: Guest
  readonly to: 'private' | 'shared'
  readonly cpu: CpuId
  readonly startNs: Ns
  readonly regions: Set<RegionIndex>
  pages: number
  /** The moment of the first pass that it has asked for, and how many more it has. */
  request: Request | undefined
}

interface Request {
  readonly cpu: CpuId
  readonly atNs: Ns
  count: number
  timer: { readonly timer: string; readonly dueS?: number }
}

/** Bursts of conversions on the CPU whose task makes them, and the moments at which a pass is asked for. */
export class Conversions extends KernelListener {
  readonly #host: HostSimulation
  readonly #fromNs: Ns
  /** By task. */
  readonly #open = new Map<number, Burst>()
  readonly #bursts = new SpanList(LIMITS.conversions)
  readonly #requests: Request[] = []
  #requestCount = 0

  constructor(host: HostSimulation, fromNs: Ns) {
    super()
    this.#host = host
    this.#fromNs = fromNs
  }

  override conversionBegins(guest: Guest, to: 'private' | 'shared'): void {
    const { current, nowNs } = this.#host.clock
    if (current === undefined) return
    this.#open.set(current.id, {
      ...{ guest, to, cpu: current.cpu, startNs: nowNs, regions: new Set(), pages: 0, request: undefined },
    })
  }

  override conversionEnds(): void {
    const { current, nowNs } = this.#host.clock
    const burst = current && this.#open.get(current.id)
    if (burst === undefined) return
    this.#open.delete(current!.id)
    this.#add(burst, nowNs)
  }

  /** See `MachineListener`. What a task changes while it is in a loop belongs to the loop. */
  assigned(region: RegionIndex, before: number, after: number): void {
    const { current } = this.#host.clock
    const burst = current && this.#open.get(current.id)
    if (burst === undefined) return
    burst.pages += Math.abs(after - before)
    burst.regions.add(region)
  }

  /** Those of one burst are one moment, the first. */
  override passRequested(): void {
    const { clock, kernel } = this.#host
    const { current, nowNs } = clock
    if (current === undefined || nowNs < this.#fromNs) return
    this.#requestCount++
    const burst = this.#open.get(current.id)
    if (burst?.request !== undefined) {
      burst.request.count++
      return
    }
    const request: Request = { cpu: current.cpu, atNs: nowNs, count: 1, timer: { timer: 'none' } }
    if (burst !== undefined) burst.request = request
    if (this.#requests.length >= LIMITS.requests) return
    this.#requests.push(request)
    const { work } = kernel.rmpopt
    const before = work.dueNs
    // The timer is set right after this: a moment later, at the same time, it can be looked at.
    clock.at(nowNs, () => {
      if (work.dueNs === undefined) return
      request.timer = {
        timer: before === undefined ? 'started' : before === work.dueNs ? 'kept' : 'restarted',
        dueS: work.dueNs / 1e9,
      }
    })
  }

  bursts(endNs: Ns): SpanList {
    for (const burst of this.#open.values()) this.#add(burst, endNs, GOES_ON)
    return this.#bursts
  }

  get requests(): { readonly spans: readonly HostSpan[]; readonly count: number } {
    const spans = this.#requests.map(({ cpu, atNs, count, timer }): HostSpan => {
      const name = count === 1 ? 'request' : `${count} requests`
      return { name, kind: 'request', cpu, startNs: atNs, endNs: atNs, args: { ...timer } }
    })
    return { spans, count: this.#requestCount }
  }

  #add({ guest, to, cpu, startNs, regions, pages }: Burst, endNs: Ns, more: HostSpan['args'] = {}): void {
    if (endNs < this.#fromNs || (pages === 0 && startNs === endNs)) return
    const gib = (pages * this.#host.machine.geometry.pageBytes) / GIB
    const args = { guest: guest.id, pages, gib, regions: regions.size, ...more }
    this.#bursts.add({ name: `guest ${guest.id} to ${to}`, kind: 'conversion', cpu, startNs, endNs, args })
  }
}
