import type { HostSpan } from '../host-events.ts'

/** Spans up to a number; how many there would be is counted. */
export class SpanList {
  readonly spans: HostSpan[] = []
  readonly #limit: number
  count = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(span: HostSpan): void {
    this.count++
    if (this.spans.length < this.#limit) this.spans.push(span)
  }
}
