import type { CheckProgress } from '../lab/index.ts'

/**
 * How far a check is, in a line: which cell, of how many, how many states so far, and how long it may take. Cells differ a thousandfold in
 * size, so that what is left is reckoned in states: as many as the scenario had under other policies.
 * @param now s
 * @param secondsMax what the check may take at most
 */
export function checkProgress(now: () => number, secondsMax: number): (progress: CheckProgress) => string {
  const start = now()
  const seen = new Map<number, { readonly states: number; readonly isDone: boolean }>()
  return ({ index, cells, states, isDone }) => {
    seen.set(index, { states, isDone })
    const under = cells.findIndex((_, at) => seen.get(at)?.isDone === false)
    const { policy, scenario } = cells[under < 0 ? index : under]
    const done = cells.filter((_, at) => seen.get(at)?.isDone).length
    const sofar = [...seen.values()].reduce((sum, cell) => sum + cell.states, 0)
    const seconds = now() - start
    const left = done === 0 || seconds < SECONDS_MIN ? undefined : (statesLeft(cells, seen) / sofar) * seconds
    const eta = left === undefined ? '' : `, ${about(Math.min(left, secondsMax - seconds))} left`
    return `checking ${policy} in ${scenario} (${Math.min(done + 1, cells.length)} of ${cells.length}), ${grouped(sofar)} states${eta}`
  }
}

/** Sooner than this nothing is foretold. */
const SECONDS_MIN = 3

function statesLeft(
  cells: CheckProgress['cells'],
  seen: ReadonlyMap<number, { readonly states: number; readonly isDone: boolean }>,
): number {
  const sizes = new Map<string, number[]>()
  const all: number[] = []
  for (const [index, { states, isDone }] of seen) {
    if (!isDone) continue
    const { scenario } = cells[index]
    all.push(states)
    sizes.set(scenario, [...(sizes.get(scenario) ?? []), states])
  }
  return cells.reduce((sum, { scenario }, index) => {
    const { states = 0, isDone = false } = seen.get(index) ?? {}
    return isDone ? sum : sum + Math.max(0, mean(sizes.get(scenario) ?? all) - states)
  }, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** In whole seconds or minutes, never none. */
function about(seconds: number): string {
  return seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s` : `about ${Math.round(seconds / 60)} min`
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
