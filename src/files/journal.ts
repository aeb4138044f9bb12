import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type HostOutcome, type RunHooks, UserError } from '../lab/index.ts'

type Simulate = NonNullable<RunHooks['simulate']>

const SCHEMA = 'rmpopt.partial/1'

interface Header {
  readonly schema: string
  /** What the experiment is, as a digest: outcomes of another one are of no use to it. */
  readonly of: string
}

/** One host of one round (a round for each seed). */
interface Entry {
  readonly round: number
  readonly host: number
  readonly outcome: HostOutcome
}

/** Outcomes of hosts as they are finished, a JSON document a line, so that an interrupted experiment can go on. */
export class Journal {
  readonly #path: string
  readonly #resumes: boolean
  #round = 0

  constructor(path: string, resumes: boolean) {
    this.#path = path
    this.#resumes = resumes
  }

  /** Simulates what is not in the journal yet; outcomes come in order of the jobs all the same. @param of says what the experiment is */
  keeping(simulate: Simulate, of: object): Simulate {
    const done = this.#open(digest(of))
    const append = (entry: Entry) => appendFileSync(this.#path, `${JSON.stringify(entry)}\n`)
    return (jobs, job) => resumed(simulate, jobs, job, done, append, this.#round++)
  }

  remove(): void {
    rmSync(this.#path, { force: true })
  }

  /** @returns what is finished, by round and host */
  #open(of: string): Map<string, HostOutcome> {
    const header: Header = { schema: SCHEMA, of }
    if (!this.#resumes || !existsSync(this.#path)) {
      writeFileSync(this.#path, `${JSON.stringify(header)}\n`)
      return new Map()
    }
    const [first, ...lines] = readFileSync(this.#path, 'utf8').split('\n')
    this.#check(parsed<Header>(first), header)
    const entries = lines.flatMap((line) => parsed<Entry>(line) ?? []) // the last line may have been cut off
    writeFileSync(this.#path, `${[header, ...entries].map((entry) => JSON.stringify(entry)).join('\n')}\n`)
    return new Map(entries.map(({ round, host, outcome }) => [`${round} ${host}`, outcome]))
  }

  #check(found: Header | undefined, wanted: Header): void {
    const path = this.#path
    if (found?.schema !== wanted.schema)
      throw new UserError(`${path}: is not of schema ${wanted.schema}; remove it, or resume with the version that wrote it`)
    if (found.of !== wanted.of)
      throw new UserError(`${path}: was left by another comparison; give the options you gave then, or leave --resume out`)
  }
}

function digest(of: object): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex')
}

function parsed<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T
  } catch {
    return undefined
  }
}

async function* resumed(
  simulate: Simulate,
  jobs: number,
  job: Parameters<Simulate>[1],
  done: ReadonlyMap<string, HostOutcome>,
  append: (entry: Entry) => void,
  round: number,
): AsyncIterable<HostOutcome> {
  const open = Array.from({ length: jobs }, (_, host) => host).filter((host) => !done.has(`${round} ${host}`))
  const fresh = iterate(open.length === 0 ? [] : simulate(open.length, (index) => job(open[index])))
  try {
    for (let host = 0; host < jobs; host++) {
      const known = done.get(`${round} ${host}`)
      if (known !== undefined) {
        yield known
        continue
      }
      const { value: outcome } = (await fresh.next()) as IteratorYieldResult<HostOutcome>
      append({ round, host, outcome })
      yield outcome
    }
  } finally {
    await fresh.return?.()
  }
}

function iterate<T>(all: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> {
  return (async function* () {
    yield* all
  })()
}
