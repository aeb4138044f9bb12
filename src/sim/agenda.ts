import TinyQueue from 'tinyqueue'
import type { Ns } from '../arch/index.ts'
import type { Task, Timer } from './task.ts'

const earlier = (a: Task | Timer, b: Task | Timer) => a.atNs - b.atNs || a.order - b.order

/**
 * What is going to happen on one host, in order of time; at the same time, in order of being asked for. Operations under way
 * have a queue of their own: there are few of them and they change all the time, while thousands of VMs sleep for days.
 */
export class Agenda {
  readonly #underWay = new TinyQueue<Task | Timer>([], earlier)
  readonly #asleep = new TinyQueue<Task | Timer>([], earlier)
  #order = 0

  get nextNs(): Ns {
    return this.#next.peek()?.atNs ?? Number.POSITIVE_INFINITY
  }

  /** A task happens once at a time: it must not be on the agenda already. */
  put(atNs: Ns, what: Task | Timer): void {
    this.#enter(this.#asleep, atNs, what)
  }

  /** The same for an operation under way, which is over soon. */
  putSoon(atNs: Ns, what: Task | Timer): void {
    this.#enter(this.#underWay, atNs, what)
  }

  take(): Task | Timer | undefined {
    return this.#next.pop()
  }

  #enter(queue: TinyQueue<Task | Timer>, atNs: Ns, what: Task | Timer): void {
    what.atNs = atNs
    what.order = this.#order++
    queue.push(what)
  }

  /** The queue whose first comes first. */
  get #next(): TinyQueue<Task | Timer> {
    const soon = this.#underWay.peek()
    const later = this.#asleep.peek()
    if (soon === undefined) return this.#asleep
    return later === undefined || earlier(soon, later) < 0 ? this.#underWay : this.#asleep
  }
}
