import { formatLitmus, type LitmusFile, type LitmusOutcome, LitmusProblem, parseLitmus, runLitmus } from '../check/index.ts'
import { UserError } from '../workload/index.ts'

/** The text of a litmus file, and what to call it. */
export interface LitmusSource {
  readonly path: string
  readonly text: string
}

/** `rmpopt litmus --json`. */
export interface LitmusResult {
  readonly schema: 'rmpopt.litmus/1'
  /** Whether every condition of every file holds. */
  readonly holds: boolean
  readonly files: readonly LitmusFileResult[]
}

export interface LitmusFileResult extends LitmusOutcome {
  readonly path: string
  readonly holds: boolean
}

/**
 * Plays every interleaving of each file, and says which conditions hold.
 * @throws UserError naming file, line and column of what is wrong
 */
export function litmus(sources: readonly LitmusSource[]): LitmusResult {
  const files = sources.map((source): LitmusFileResult => {
    const outcome = reading(source, (file) => runLitmus(file))
    return { path: source.path, holds: outcome.conditions.every(({ holds }) => holds), ...outcome }
  })
  return { schema: 'rmpopt.litmus/1', holds: files.every(({ holds }) => holds), files }
}

/** The file in its canonical form. @throws UserError as `litmus` does, for what cannot be read */
export function litmusFormatted(source: LitmusSource): string {
  return reading(source, formatLitmus)
}

function reading<T>({ path, text }: LitmusSource, use: (file: LitmusFile) => T): T {
  try {
    return use(parseLitmus(text))
  } catch (error) {
    if (!(error instanceof LitmusProblem)) throw error
    throw new UserError(`${path}:${error.place.line}:${error.place.column}: ${error.message}`)
  }
}
