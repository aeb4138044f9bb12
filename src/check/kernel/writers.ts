import { access } from '../../machine/index.ts'
import type { Write } from './scenario.ts'
import type { KernelWorld } from './world.ts'

/**
 * The hypervisor, or an ordinary guest, writes to a page at any time: what stays behind is a translation, which later writes use
 * without being checked. A write that faults, or that leaves nothing new behind, is no step.
 */
export class Writers {
  readonly #writes: readonly Write[]

  constructor(writes: readonly Write[] = []) {
    this.#writes = writes
  }

  get count(): number {
    return this.#writes.length
  }

  /** @returns whether a translation was filled */
  step({ machine, kernel, busy }: KernelWorld, index: number): boolean {
    const { cpu, page, mapping = '4K' } = this.#writes[index]
    const isOnline = ((kernel.online.words[0] >> cpu) & 1) === 1
    if (!isOnline || ((busy >> cpu) & 1) === 1) return false
    const { pageBytes, hugeBytes } = machine.geometry
    const outcome = access(machine, cpu, {
      who: 'hypervisor',
      spa: page * pageBytes,
      write: true,
      mapping: mapping === '2M' ? hugeBytes : pageBytes,
    })
    return outcome.kind === 'passed' && outcome.how !== 'cached translation'
  }

  label(index: number): string {
    const { cpu, page, mapping } = this.#writes[index]
    return `CPU${cpu} hypervisor: writes to page ${page}${mapping === '2M' ? ' through a 2M mapping' : ''}`
  }
}
