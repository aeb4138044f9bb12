import type { Fact } from '../../../lab/index.ts'
import type { Failure } from '../../words/story-lines.ts'
import { type StoryLine, storyLines } from '../../words/story-lines.ts'

/** A row of a run's figure: one line that changes something, or several of one task on one CPU that change nothing. */
export interface Row {
  readonly first: number
  readonly last: number
  readonly cpu: number
  readonly who: string
  /** What is done, in order; not empty. */
  readonly whats: readonly string[]
  readonly changes: readonly Change[]
  /** Another task went before, or the same on another CPU. */
  readonly takesOver: boolean
  /** What is wrong is wrong at once, after this. */
  readonly isFatal: boolean
}

export interface Change extends Fact {
  /** What it was; absent: not known. */
  readonly before?: string
}

export function rowsOf({ start = [], trace, property }: Failure): Row[] {
  const known = new Map(start.map(({ of, now }) => [of, now]))
  const rows: Row[] = []
  const lines = storyLines(trace)
  for (const [at, line] of lines.entries()) {
    const isFatal = at === lines.length - 1 && AT_ONCE.has(property)
    const changes = line.changes.map(({ of, now }): Change => {
      const before = known.get(of)
      known.set(of, now)
      return { of, now, before }
    })
    const before = rows.at(-1)
    const takesOver = before === undefined || before.who !== line.who || before.cpu !== line.cpu
    const row: Row = { ...line, whats: [whatOf(line)], changes, takesOver, isFatal }
    if (before !== undefined && goesOnQuietly(before, row))
      rows[rows.length - 1] = { ...before, last: row.last, whats: [...before.whats, ...row.whats] }
    else rows.push(row)
  }
  return rows
}

/** Properties that a step breaks; others are broken by what is left when all has come to rest, or cannot go on. */
const AT_ONCE: ReadonlySet<string> = new Set([
  'integrity',
  'soundness',
  'race guarantee',
  'no fault',
  'lock order',
  'no sleep in atomic',
])

function whatOf({ what, goesOn }: StoryLine): string {
  return goesOn ? `${what}, goes on` : what
}

function goesOnQuietly(before: Row, { takesOver, changes, isFatal }: Row): boolean {
  return !takesOver && before.changes.length === 0 && changes.length === 0 && !isFatal
}
