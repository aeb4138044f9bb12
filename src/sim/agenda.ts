import TinyQueue from 'tinyqueue'
import type { Ns } from '../arch/index.ts'
import type { Task, Timer } from './task.ts'

const earlier = (a: Task | Timer, b: Task | Timer) => a.atNs - b.atNs || a.order - b.order

/**
 * What is going to happen on one host, in order of time; at the same time, in order of being asked for. Operations under way
 * have a queue of their own: they are few, change all the time and mostly end in the order in which they began, while
 * thousands of VMs sleep for days.
 */
export class Agenda {
  /** Ascending from `#head` on; what is before it is over. */
  readonly #underWay: Task[] = []
  #head = 0
  readonly #asleep = new TinyQueue<Task | Timer>([], earlier)
  #order = 0

  /** When the next thing happens; infinity: nothing will. */
  get nextNs(): Ns {
    const soon = this.#head < this.#underWay.length ? this.#underWay[this.#head].atNs : Number.POSITIVE_INFINITY
    const later = this.#asleep.peek()
    return later === undefined ? soon : Math.min(soon, later.atNs)
  }

  /** A task happens once at a time: it must not be on the agenda already. */
  put(atNs: Ns, what: Task | Timer): void {
    what.atNs = atNs
    what.order = this.#order++
    this.#asleep.push(what)
  }

  /** The same for an operation under way, which is over soon. */
  putSoon(atNs: Ns, task: Task): void {
    task.atNs = atNs
    task.order = this.#order++
    const queue = this.#underWay
    let at = queue.length
    queue.push(task)
    for (; at > this.#head && queue[at - 1].atNs > atNs; at--) queue[at] = queue[at - 1]
    queue[at] = task
  }

  /** The next thing, if it happens up to and with `untilNs`. */
  take(untilNs: Ns): Task | Timer | undefined {
    const later = this.#asleep.peek()
    if (this.#head < this.#underWay.length) {
      const soon = this.#underWay[this.#head]
      if (later === undefined || earlier(soon, later) < 0) return soon.atNs <= untilNs ? this.#takeSoon() : undefined
    }
    return later !== undefined && later.atNs <= untilNs ? this.#asleep.pop() : undefined
  }

  #takeSoon(): Task {
    const task = this.#underWay[this.#head++]
    if (this.#head === this.#underWay.length || this.#head === SPENT_MAX) {
      this.#underWay.splice(0, this.#head)
      this.#head = 0
    }
    return task
  }
}

/** How many that are over are kept before the queue is closed up. */
const SPENT_MAX = 256
