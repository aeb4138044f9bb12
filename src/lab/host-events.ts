import type { Ns } from '../arch/index.ts'

/** What happened on a host, as plain data: what a viewer of traces is given. Times in nanoseconds from the start of the run. */
export interface HostEvents {
  readonly hosts: readonly {
    readonly name: string
    readonly spans: readonly HostSpan[]
    readonly counters: readonly HostCounter[]
  }[]
}

/** Something that took time, or a moment of no length. */
export interface HostSpan {
  readonly name: string
  readonly kind: 'pass' | 'rmpopt' | 'ipi' | 'conversion' | 'guest' | 'request'
  /** Logical CPU it ran on; absent: on none, as a guest's life. */
  readonly cpu?: number
  readonly startNs: Ns
  readonly endNs: Ns
  readonly args?: Readonly<Record<string, number | string>>
}

/** A figure over time, such as the number of optimised regions: it keeps each value until the next. */
export interface HostCounter {
  readonly name: string
  readonly values: readonly { readonly atNs: Ns; readonly value: number }[]
}
