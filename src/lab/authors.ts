import type { Op, Routine } from '../kernel/index.ts'
import { UserError } from '../workload/index.ts'
import { nearest } from './nearest.ts'

/** What comes from a module: it cannot be sent to a worker, but the module's address can. */
export interface Authored {
  /** Address of the module, and what to call it in messages. */
  readonly module: string
  readonly path: string
}

export function isAuthored<T extends object>(thing: T): thing is T & Authored {
  return 'module' in thing && 'path' in thing
}

/**
 * Does something with what may come from modules. What goes wrong is then the doing of the module that the error comes from, or of the
 * first, where none is to be seen.
 * @param doing what is done with it, for the message
 * @throws UserError naming the module, and the line if it is known
 */
export function withAuthors<T>(suspects: readonly object[], doing: 'simulated' | 'checked', work: () => T): T {
  try {
    return work()
  } catch (error) {
    const authors = suspects.filter(isAuthored)
    if (authors.length === 0 || error instanceof UserError) throw error
    const { message, stack = '' } = error instanceof Error ? error : { message: String(error) }
    const seen = authors.filter(({ module }) => stack.includes(module))
    const [{ module, path }] = [...seen.sort((a, b) => stack.indexOf(a.module) - stack.indexOf(b.module)), ...authors]
    const [, line] = /^:(\d+):/.exec(stack.split(module)[1] ?? '') ?? []
    throw new UserError(
      `${path}:${line === undefined ? '' : `${line}:`} fails while it is ${doing} (${message}); ${REMEDIES[doing]}`,
    )
  }
}

/** The adversary begins routines anew to go on from the middle of them: they must then do the same again. */
const REMEDIES = { simulated: 'correct it', checked: 'correct it, and let it remember nothing outside of the kernel' } as const

/** Every operation there is: whoever yields anything else would wait for ever. */
const OPS: Readonly<Record<Op['op'], true>> = {
  execute: true,
  'rmpupdate-run': true,
  'launch-update-run': true,
  'on-each-cpu': true,
  firmware: true,
  'smp-processor-id': true,
  'move-to-cpu': true,
  'cond-resched': true,
  'migrate-disable': true,
  'migrate-enable': true,
  'preempt-disable': true,
  'preempt-enable': true,
  'wait-unpinned': true,
  lock: true,
  unlock: true,
  'delay-work': true,
  'cancel-work-sync': true,
  'kthread-run': true,
  'set-sleeping': true,
  schedule: true,
  'wake-up-process': true,
  'sleep-until': true,
  'load-rmp-entry': true,
  'count-rmp-run': true,
  'clear-rmp': true,
  'cpu-time': true,
  play: true,
}

/**
 * A routine of somebody else's that gives operations and nothing else.
 * @param begin makes it: also what is no generator function looks at the kernel only when it is its turn
 * @param part what to call it in messages
 * @param head how it is written
 */
export function* guarded(begin: () => Routine<unknown> | undefined, part: string, head: string): Routine<unknown> {
  const routine = begin()
  if (typeof routine?.next !== 'function') throw new UserError(`${part}: is not a generator function; write ${head} { … }`)
  let step = routine.next()
  while (!step.done) {
    const op: Op | undefined = step.value
    if (!Object.hasOwn(OPS, op?.op ?? ''))
      throw new UserError(`${part}: yields ${shown(op)}, which is no operation; ${advice(op?.op)}`)
    step = routine.next(yield op)
  }
  return step.value
}

function shown(op: unknown): string {
  const text = JSON.stringify(op) ?? String(op)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function advice(op: unknown): string {
  const guess = typeof op === 'string' ? nearest(op, Object.keys(OPS)) : undefined
  return guess === undefined ? 'yield such as { op: "cond-resched" }, or yield* a routine' : `did you mean ${guess}?`
}
