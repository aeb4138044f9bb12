import type { Ns } from '../arch/index.ts'

/** What happened on a host, as plain data: what a viewer of traces is given. Times in nanoseconds from the start of the run. */
export interface HostEvents {
  readonly hosts: readonly {
    readonly name: string
    readonly spans: readonly HostSpan[]
    readonly counters: readonly HostCounter[]
    /** What was traced, and what of it is summed up or left out. */
    readonly notes?: Readonly<Record<string, number | string>>
  }[]
}

/** Something that took time. A `request` or a `moment` takes none. */
export interface HostSpan {
  readonly name: string
  readonly kind: 'pass' | 'rmpopt' | 'ipi' | 'conversion' | 'guest' | 'ordinary guest' | 'request' | 'moment'
  /** Logical CPU it ran on; absent: on none, as a guest's life. */
  readonly cpu?: number
  readonly startNs: Ns
  readonly endNs: Ns
  readonly args?: Readonly<Record<string, number | string>>
  /** What it is made of, one after the other. */
  readonly parts?: readonly HostSpan[]
}

/** A figure over time, such as the number of optimised regions: it keeps each value until the next. */
export interface HostCounter {
  readonly name: string
  readonly values: readonly { readonly atNs: Ns; readonly value: number }[]
}
