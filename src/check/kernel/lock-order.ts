/**
 * Which locks were taken inside which others on a run, one bit for each pair: in row `outer`, bit `inner`. Like lockdep it tells of both
 * orders whether or not they came to a deadlock; unlike it, of one run, so that orders which exclude each other are not held against each other.
 */
export type LockOrder = number

/** Locks that fit into a word of pairs. */
const LOCKS = 5

/** The order after a task that holds some locks (one bit each) has taken another. */
export function taken(order: LockOrder, held: number, lock: number): LockOrder {
  let next = order
  for (let outer = 0; outer < LOCKS; outer++) {
    if (outer !== lock && ((held >> outer) & 1) === 1) next |= 1 << (outer * LOCKS + lock)
  }
  return next
}

/** Whether the lock was ever held, directly or not, around one of those that the task holds. */
export function isTangled(order: LockOrder, held: number, lock: number): boolean {
  const inside = allInside(order, lock)
  return (inside & held & ~(1 << lock)) !== 0
}

/** Taken inside this one, or inside one of those. */
function allInside(order: LockOrder, lock: number): number {
  let all = rowOf(order, lock)
  for (let before = 0; before !== all; ) {
    before = all
    for (let inner = 0; inner < LOCKS; inner++) if ((all >> inner) & 1) all |= rowOf(order, inner)
  }
  return all
}

function rowOf(order: LockOrder, outer: number): number {
  return (order >> (outer * LOCKS)) & ((1 << LOCKS) - 1)
}
