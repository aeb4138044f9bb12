import TinyQueue from 'tinyqueue'
import type { Ns } from '../arch/index.ts'
import type { Happening, Task } from './task.ts'

/** What is going to happen on one host, in order of time; at the same time, in order of being asked for. */
export class Agenda {
  readonly #queue = new TinyQueue<Happening>([], (a, b) => a.atNs - b.atNs || a.order - b.order)
  #order = 0

  get nextNs(): Ns {
    return this.#queue.peek()?.atNs ?? Number.POSITIVE_INFINITY
  }

  task(atNs: Ns, task: Task): void {
    this.#queue.push({ atNs, order: this.#order++, task, timer: undefined })
  }

  timer(atNs: Ns, timer: () => void): void {
    this.#queue.push({ atNs, order: this.#order++, task: undefined, timer })
  }

  take(): Happening | undefined {
    return this.#queue.pop()
  }
}
