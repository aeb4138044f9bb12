import { type CpuId, formatCpuList, GIB, type Ns } from '../../arch/index.ts'
import { type Extent, type Guest, KernelListener, type MemoryUser } from '../../kernel/index.ts'
import type { HostSimulation } from '../../sim/index.ts'
import type { HostSpan } from '../host-events.ts'
import { LIMITS } from './limits.ts'
import { SpanList } from './span-list.ts'

/** When a guest entered each part of its life. */
interface Life {
  readonly guest: Guest
  readonly beginNs: Ns
  launchedNs?: Ns
  destroyedNs?: Ns
  cpus: readonly CpuId[]
}

/** The lives of guests: of SNP guests from launch until all memory is back, of ordinary ones while they have memory. */
export class Guests extends KernelListener {
  readonly #host: HostSimulation
  readonly #fromNs: Ns
  /** When memory was taken, and for whom: a guest knows itself by its memory before it has a name. */
  readonly #taken = new Map<readonly Extent[], { readonly atNs: Ns; readonly user: MemoryUser }>()
  readonly #lives = new Map<Guest, Life>()
  readonly #list = new SpanList(LIMITS.guests)

  constructor(host: HostSimulation, fromNs: Ns) {
    super()
    this.#host = host
    this.#fromNs = fromNs
  }

  override memory(extents: readonly Extent[], user: MemoryUser, sign: 1 | -1): void {
    const { nowNs } = this.#host.clock
    if (sign === 1) this.#taken.set(extents, { atNs: nowNs, user })
    const taken = this.#taken.get(extents)
    if (sign === 1 || taken === undefined) return
    if (user === 'ordinary') this.#add(this.#ordinary(extents, taken.atNs, nowNs, {}))
    this.#taken.delete(extents) // of an SNP guest: its launch failed before it was one
  }

  override guestLaunched(guest: Guest): void {
    this.#life(guest).launchedNs = this.#host.clock.nowNs
  }

  override guestPlaced(guest: Guest, cpus: readonly CpuId[]): void {
    this.#life(guest).cpus = cpus
  }

  override guestDestroyed(guest: Guest): void {
    this.#life(guest).destroyedNs = this.#host.clock.nowNs
  }

  override guestMemoryReturned(guest: Guest): void {
    this.#add(this.#snp(this.#life(guest), this.#host.clock.nowNs, {}))
    this.#taken.delete(guest.memory)
    this.#lives.delete(guest)
  }

  /** All of them; those that are still there last until `endNs`. */
  spans(endNs: Ns): SpanList {
    for (const life of this.#lives.values()) this.#add(this.#snp(life, endNs, GOES_ON))
    for (const [extents, { atNs, user }] of this.#taken) {
      if (user === 'ordinary') this.#add(this.#ordinary(extents, atNs, endNs, GOES_ON))
    }
    return this.#list
  }

  #life(guest: Guest): Life {
    let life = this.#lives.get(guest)
    if (life === undefined) {
      const beginNs = this.#taken.get(guest.memory)?.atNs ?? this.#host.clock.nowNs
      this.#lives.set(guest, (life = { guest, beginNs, cpus: [] }))
    }
    return life
  }

  #add(span: HostSpan): void {
    if (span.endNs >= this.#fromNs) this.#list.add(span)
  }

  #ordinary(extents: readonly Extent[], startNs: Ns, endNs: Ns, more: HostSpan['args']): HostSpan {
    const pages = extents.reduce((sum, extent) => sum + extent.pages, 0)
    return { name: 'ordinary guest', kind: 'ordinary guest', startNs, endNs, args: { memoryGib: this.#gib(pages), ...more } }
  }

  #snp({ guest, beginNs, launchedNs, destroyedNs, cpus }: Life, endNs: Ns, more: HostSpan['args']): HostSpan {
    const { id, asid, vcpus, pages } = guest
    const part = (name: string, startNs: Ns, endNs: Ns): HostSpan => ({ name, kind: 'guest', startNs, endNs })
    const parts = [part('launching', beginNs, launchedNs ?? destroyedNs ?? endNs)]
    if (launchedNs !== undefined) parts.push(part('running', launchedNs, destroyedNs ?? endNs))
    if (destroyedNs !== undefined) parts.push(part('memory coming back', destroyedNs, endNs))
    const list = formatCpuList([...cpus].sort((a, b) => a - b))
    const args = { memoryGib: this.#gib(pages), vcpus, asid, ...(list === '' ? {} : { cpus: list }), ...more }
    const name = launchedNs === undefined && destroyedNs !== undefined ? `guest ${id}: launch failed` : `guest ${id}`
    return { name, kind: 'guest', startNs: beginNs, endNs, args, parts }
  }

  #gib(pages: number): number {
    return (pages * this.#host.machine.geometry.pageBytes) / GIB
  }
}

/** The trace ends before it does. */
export const GOES_ON = { goesOn: 'yes' }
