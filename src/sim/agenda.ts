import TinyQueue from 'tinyqueue'
import type { Ns } from '../arch/index.ts'
import type { Task, Timer } from './task.ts'

/** What is going to happen on one host, in order of time; at the same time, in order of being asked for. */
export class Agenda {
  readonly #queue = new TinyQueue<Task | Timer>([], (a, b) => a.atNs - b.atNs || a.order - b.order)
  #order = 0

  get nextNs(): Ns {
    return this.#queue.peek()?.atNs ?? Number.POSITIVE_INFINITY
  }

  /** A task happens once at a time: it must not be on the agenda already. */
  put(atNs: Ns, what: Task | Timer): void {
    what.atNs = atNs
    what.order = this.#order++
    this.#queue.push(what)
  }

  take(): Task | Timer | undefined {
    return this.#queue.pop()
  }
}
