import type { CpuId } from '../arch/index.ts'
import type { Topology } from '../machine/index.ts'

/**
 * Which logical CPUs run vCPUs: a VM gets the lowest free ones, both threads of a core before the next core, and keeps
 * them; when there are too few it shares. [A]
 */
export class GuestCpus {
  /** CPUs that run a vCPU, 32 a word. */
  readonly words: Uint32Array
  readonly #vcpus: Uint16Array
  readonly #order: readonly CpuId[]

  constructor({ cores, cpus, threadsPerCore }: Topology) {
    this.words = new Uint32Array(Math.ceil(cpus / 32))
    this.#vcpus = new Uint16Array(cpus)
    this.#order = Array.from({ length: cpus }, (_, i) => Math.floor(i / threadsPerCore) + (i % threadsPerCore) * cores)
  }

  /** @returns the CPUs that the VM runs on */
  take(vcpus: number): CpuId[] {
    const free = this.#order.filter((cpu) => this.#vcpus[cpu] === 0).slice(0, vcpus)
    const shared = this.#order.slice(0, Math.max(0, Math.min(vcpus, this.#order.length) - free.length))
    const cpus = [...free, ...shared]
    for (const cpu of cpus) this.#count(cpu, 1)
    return cpus
  }

  give(cpus: readonly CpuId[]): void {
    for (const cpu of cpus) this.#count(cpu, -1)
  }

  #count(cpu: CpuId, by: 1 | -1): void {
    this.#vcpus[cpu] += by
    if (this.#vcpus[cpu] > 0) this.words[cpu >>> 5] |= 1 << (cpu & 31)
    else this.words[cpu >>> 5] &= ~(1 << (cpu & 31))
  }
}
