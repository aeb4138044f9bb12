import type { ScreenOptions } from '../report/index.ts'

/**
 * Exit codes: 0 done; 1 the answer is no; 2 the input is wrong, one line on stderr; 3 a bug of ours, one line, and the stack where RMPOPT_DEBUG is
 * set. Ctrl-C is left to the system: it ends the process at once, even in the middle of a computation, and shells see 130.
 */
export async function exitCodeOf(work: () => Promise<unknown>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    if (error instanceof Ended) return 0
    if (error instanceof AnswerIsNo) return ANSWER_IS_NO
    return failed(error)
  }
}

/** Thrown where there is nothing more to do, and nothing wrong. */
export class Ended extends Error {}

/** Thrown when all is said, and what was said is "no": a condition that does not hold. */
export class AnswerIsNo extends Error {}

/** What was typed is wrong. It is what the lab calls a `UserError`, without loading the lab. */
export class UsageError extends Error {
  override readonly name = 'UserError'
}

export function print(text: string): void {
  process.stdout.write(text)
}

/** One document on stdout. */
export function printJson(document: unknown): void {
  print(`${JSON.stringify(document, null, 2)}\n`)
}

/** Something about the input that people should know, and that is not part of the output. */
export function remark(text: string): void {
  process.stderr.write(`rmpopt: ${text}\n`)
}

/** How stdout shows things: in colour only to people who did not ask for none (no-color.org). */
export function screenOptions(): ScreenOptions {
  const { NO_COLOR = '', TERM } = process.env
  const { isTTY, columns } = process.stdout
  const isTerminal = isTTY === true
  return { width: (isTerminal && columns) || PIPE_COLUMNS, colour: isTerminal && NO_COLOR === '' && TERM !== 'dumb' }
}

const PIPE_COLUMNS = 100

/** Ends quietly when who reads us has read enough (`| head`); any other trouble with the output is told. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    remark(`standard output: cannot be written (${error.code}); check where it goes`)
    process.exit(INPUT_IS_WRONG)
  })
  process.stderr.on('error', () => {})
  process.on('uncaughtException', (error) => process.exit(failed(error)))
}

const ANSWER_IS_NO = 1
const INPUT_IS_WRONG = 2
const BUG_OF_OURS = 3

function failed(error: unknown): number {
  if (error instanceof Error && error.name === 'UserError') {
    remark(error.message.replace(/\s*\n\s*/g, ' '))
    return INPUT_IS_WRONG
  }
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error))
  const isDebugging = (process.env.RMPOPT_DEBUG ?? '') !== ''
  remark(
    `a bug of ours: ${message.split('\n')[0]}; please report it${isDebugging ? `\n${stack}` : ' with what RMPOPT_DEBUG=1 shows'}`,
  )
  return BUG_OF_OURS
}
