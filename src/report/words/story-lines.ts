import type { CheckCell, Fact, StoryStep } from '../../lab/index.ts'

/** Steps of a run that are told as one. */
export interface StoryLine {
  /** Numbers of the first and the last of them, from 1. */
  readonly first: number
  readonly last: number
  readonly cpu: number
  readonly who: string
  readonly what: string
  /** The instruction, or the handler, was under way before; others came in between. */
  readonly goesOn: boolean
  /** In the order they happened. */
  readonly changes: readonly Fact[]
}

/** A run, told: micro-steps of one instruction that follow each other are one line. */
export function storyLines(trace: readonly StoryStep[]): StoryLine[] {
  const lines: StoryLine[] = []
  for (const [index, { goesOn = false, cpu, who, what, changes }] of trace.entries()) {
    const before = lines.at(-1)
    const number = index + 1
    if (goesOn && before !== undefined && before.who === who && before.cpu === cpu) {
      lines[lines.length - 1] = { ...before, last: number, changes: [...before.changes, ...changes] }
    } else lines.push({ first: number, last: number, cpu, who, what, goesOn, changes })
  }
  return lines
}

/** A property that fails, with a run that breaks it. */
export type Failure = CheckCell & Required<Pick<CheckCell, 'steps' | 'trace'>>

/** In the order of the results. */
export function failures(cells: readonly CheckCell[]): Failure[] {
  return cells.flatMap((cell) => {
    const { verdict, trace } = cell
    return verdict === 'fails' && trace !== undefined ? [{ ...cell, trace, steps: cell.steps ?? trace.length }] : []
  })
}

/** Over all scenarios the shortest run of each policy against each property; the first of those that are equally short. */
export function shortestRuns(all: readonly Failure[]): Failure[] {
  const best = new Map<string, Failure>()
  for (const failure of all) {
    const key = JSON.stringify([failure.policy, failure.property])
    const known = best.get(key)
    if (known === undefined || failure.steps < known.steps) best.set(key, failure)
  }
  return [...best.values()]
}
