import { createReadStream } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { type Document, type ErrorCode, isMap, isScalar, LineCounter, parseDocument, stringify } from 'yaml'
import { resolveScenario, type ScenarioInput } from '../lab/index.ts'
import { UserError } from '../workload/index.ts'
import { fileProblem } from './problem.ts'

/**
 * Reads a scenario from a YAML file and checks it. An empty file is a scenario without any wishes. A relative `trace:` is
 * relative to the file.
 *
 * @throws UserError naming file and line, for a file that cannot be read, is not YAML, or is no scenario
 */
export async function readScenario(path: string): Promise<ScenarioInput> {
  const lines = new LineCounter()
  const document = parseDocument(await textOf(path), { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const [syntax] = [...document.errors, ...document.warnings]
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0])
    throw new UserError(
      `${path}:${line}:${col}: ${SYNTAX_PROBLEMS[syntax.code] ?? `is not YAML (${syntax.message.replace(/\s+/g, ' ')}); correct it`}`,
    )
  }
  const content = contentOf(path, document)
  if (content !== null && !isMap(document.contents)) {
    throw new UserError(`${path}: holds no fields; write lines such as "policy: v10" (a trace is given by --trace)`)
  }
  checked(path, document, lines, content)
  const input = (content ?? {}) as ScenarioInput
  if (input.trace === undefined || isAbsolute(input.trace)) return input
  return { ...input, trace: join(dirname(path), input.trace) }
}

const SYNTAX_PROBLEMS: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'the field is there twice; keep one of them',
  MULTIPLE_DOCS: 'a second document begins; keep one scenario in a file',
}

/** A scenario as the text of a file that `readScenario` reads. */
export function formatScenario(input: ScenarioInput): string {
  return stringify(input)
}

/** A scenario is some lines. Whoever gives us more has mixed up files, and should not wait for the end of it. */
const BYTES_MAX = 1024 * 1024

async function textOf(path: string): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(path, { end: BYTES_MAX })) chunks.push(chunk)
  } catch (error) {
    throw fileProblem(path, error)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > BYTES_MAX) throw new UserError(`${path}: is too large for a scenario; give a trace by --trace`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserError(`${path}: is not UTF-8 text; name a scenario in YAML (a trace is given by --trace)`)
  }
}

function contentOf(path: string, document: Document): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // Aliases that name nothing, or that expand without measure.
    throw new UserError(`${path}: is not YAML (${(error as Error).message.replace(/\s+/g, ' ')}); correct it`)
  }
}

function checked(path: string, document: Document, lines: LineCounter, content: unknown): void {
  try {
    resolveScenario(content, path)
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.startsWith(`${path}: `)) throw error
    const message = error.message.slice(path.length + 2)
    const line = lineOf(document, lines, message)
    throw new UserError(`${path}:${line === undefined ? '' : `${line}:`} ${message}`)
  }
}

/** The line of the field that a message of `resolveScenario` begins with; of what holds it where it is not in the file. */
function lineOf(document: Document, lines: LineCounter, message: string): number | undefined {
  const [, field] = /^(?:unknown field )?([\w.]+)/.exec(message) ?? []
  let line: number | undefined
  let node: unknown = document.contents
  for (const name of field?.split('.') ?? []) {
    if (!isMap(node)) break
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
    if (pair === undefined) break
    if (isScalar(pair.key) && pair.key.range) line = lines.linePos(pair.key.range[0]).line
    node = pair.value
  }
  return line
}
