import type { Ns } from '../../arch/index.ts'
import type { HostCounter } from '../host-events.ts'
import { LIMITS } from './limits.ts'

/** A figure over time. Of each step of time the last value is kept; when these get too many, steps become twice as long. */
export class SampledCounter {
  readonly name: string
  readonly #limit: number
  #stepNs: Ns
  #values: { readonly atNs: Ns; readonly value: number }[] = []

  constructor(name: string, stepNs: Ns = LIMITS.counterStepNs, limit: number = LIMITS.counterValues) {
    this.name = name
    this.#stepNs = stepNs
    this.#limit = limit
  }

  /** @param atNs not before the last one */
  set(atNs: Ns, value: number): void {
    const last = this.#values.at(-1)
    if (last?.value === value) return
    if (last !== undefined && this.#stepOf(last.atNs) === this.#stepOf(atNs)) this.#values.pop()
    this.#values.push({ atNs, value })
    while (this.#values.length > this.#limit) this.#coarsen()
  }

  /** What there is of it from one moment to another; the value that held at the first is its first. */
  between(fromNs: Ns, toNs: Ns): HostCounter {
    const first = this.#values.findLastIndex(({ atNs }) => atNs <= fromNs)
    const values = this.#values.slice(Math.max(0, first)).filter(({ atNs }) => atNs < toNs)
    return {
      name: this.name,
      values: [...values, ...values.slice(-1).map(({ value }) => ({ atNs: toNs, value }))].map(({ atNs, value }) => ({
        atNs: Math.max(atNs, fromNs),
        value,
      })),
    }
  }

  #stepOf(atNs: Ns): number {
    return Math.floor(atNs / this.#stepNs)
  }

  #coarsen(): void {
    this.#stepNs *= 2
    const values = this.#values
    this.#values = values.filter(
      ({ atNs }, i) => i === values.length - 1 || this.#stepOf(atNs) !== this.#stepOf(values[i + 1].atNs),
    )
  }
}
