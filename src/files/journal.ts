import { createHash } from 'node:crypto'
import { appendFileSync, createReadStream, existsSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type HostOutcome, type RunHooks, UserError } from '../lab/index.ts'
import { fileProblem } from './problem.ts'

type Simulate = NonNullable<RunHooks['simulate']>

const SCHEMA = 'rmpopt.partial/1'

/** The first line. */
interface Header {
  readonly schema: string
  /** What the experiment is, as a digest: outcomes of another one are of no use to it. */
  readonly of: string
}

/** One host of one round (a round for each seed). */
interface Entry {
  /** As in the header: two programs may have been given the same file. */
  readonly of: string
  readonly round: number
  readonly host: number
  readonly outcome: HostOutcome
}

/** Outcomes of hosts as they are finished, a JSON document a line, so that an interrupted experiment can go on. */
export class Journal {
  readonly #path: string
  readonly #of: string
  /** What is finished, by round and host. */
  readonly #done = new Map<string, HostOutcome>()
  /** Nothing is written before there is something to keep: wrong input leaves no file behind. */
  #isBegun = false
  #round = 0

  private constructor(path: string, of: string) {
    this.#path = path
    this.#of = of
  }

  /**
   * @param of says what the experiment is: all that its outcomes depend on
   * @param resumes whether to take up what an interrupted run has left, if it has
   * @throws UserError for a file of something else
   */
  static async open(path: string, of: object, resumes: boolean): Promise<Journal> {
    const journal = new Journal(path, createHash('sha256').update(JSON.stringify(of)).digest('hex'))
    if (resumes && existsSync(path)) await journal.#takeUp()
    return journal
  }

  /** Simulates what is not in the journal yet; outcomes come in order of the jobs all the same. Call it once for each round. */
  keeping(simulate: Simulate): Simulate {
    return (jobs, job) => this.#resumed(simulate, jobs, job, this.#round++)
  }

  remove(): void {
    rmSync(this.#path, { force: true })
  }

  async #takeUp(): Promise<void> {
    const header = this.#header
    let isFirst = true
    let bytes = 0
    try {
      for await (const line of createInterface({ input: createReadStream(this.#path), crlfDelay: Number.POSITIVE_INFINITY })) {
        const entry = parsed(line)
        if (isFirst && entry === undefined && header.startsWith(line)) return // killed before there was anything to keep
        if (isFirst) this.#check(entry as Header | undefined)
        else if (!isEntry(entry))
          break // the last line may have been cut off
        else if (entry.of === this.#of) this.#done.set(`${entry.round} ${entry.host}`, entry.outcome)
        isFirst = false
        bytes += Buffer.byteLength(line) + 1
      }
    } catch (error) {
      throw fileProblem(this.#path, error)
    }
    if (isFirst) return
    this.#keepUpTo(bytes)
    this.#isBegun = true
  }

  /** Cuts off what is not whole, and ends the last line if only its end is missing. */
  #keepUpTo(bytes: number): void {
    const length = statSync(this.#path).size
    if (length < bytes) appendFileSync(this.#path, '\n')
    else if (length > bytes) truncateSync(this.#path, bytes)
  }

  get #header(): string {
    return JSON.stringify({ schema: SCHEMA, of: this.#of } satisfies Header)
  }

  #check(found: Header | undefined): void {
    const path = this.#path
    if (found?.schema !== SCHEMA)
      throw new UserError(`${path}: is not of schema ${SCHEMA}; remove it, or resume with the version that wrote it`)
    if (found.of !== this.#of)
      throw new UserError(`${path}: was left by another comparison; give the options you gave then, or leave --resume out`)
  }

  #append(entry: Entry): void {
    try {
      if (!this.#isBegun) writeFileSync(this.#path, `${this.#header}\n`)
      this.#isBegun = true
      appendFileSync(this.#path, `${JSON.stringify(entry)}\n`)
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === undefined) throw error
      throw new UserError(`${this.#path}: cannot be written (${code}); make room, then go on with --resume`)
    }
  }

  async *#resumed(simulate: Simulate, jobs: number, job: Parameters<Simulate>[1], round: number): AsyncIterable<HostOutcome> {
    const open = Array.from({ length: jobs }, (_, host) => host).filter((host) => !this.#done.has(`${round} ${host}`))
    const fresh = iterate(open.length === 0 ? [] : simulate(open.length, (index) => job(open[index])))
    try {
      for (let host = 0; host < jobs; host++) {
        const known = this.#done.get(`${round} ${host}`)
        if (known !== undefined) yield known
        else {
          const { value: outcome } = (await fresh.next()) as IteratorYieldResult<HostOutcome>
          this.#append({ of: this.#of, round, host, outcome })
          yield outcome
        }
      }
    } finally {
      await fresh.return(undefined)
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && 'outcome' in value
}

async function* iterate<T>(all: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* all
}
