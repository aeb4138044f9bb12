import { createReadStream } from 'node:fs'
import { type Document, type ErrorCode, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { UserError } from '../workload/index.ts'
import { fileProblem } from './problem.ts'

/** What a YAML file is to be, for messages. */
export interface YamlKind {
  readonly name: string
  /** What to do with a file that is too large for it, or no text at all. */
  readonly insteadOfLarge: string
  readonly insteadOfText: string
}

export interface YamlFile {
  readonly document: Document
  readonly lines: LineCounter
  readonly content: unknown
}

/**
 * Reads a YAML file. @throws UserError naming file and line, for a file that cannot be read or is not YAML
 */
export async function readYaml(path: string, kind: YamlKind): Promise<YamlFile> {
  const lines = new LineCounter()
  const document = parseDocument(await textOf(path, kind), { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const [syntax] = [...document.errors, ...document.warnings]
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0])
    throw new UserError(
      `${path}:${line}:${col}: ${syntaxProblem(syntax.code, kind) ?? `is not YAML (${syntax.message.replace(/\s+/g, ' ')}); correct it`}`,
    )
  }
  return { document, lines, content: contentOf(path, document) }
}

function syntaxProblem(code: ErrorCode, { name }: YamlKind): string | undefined {
  if (code === 'DUPLICATE_KEY') return 'the field is there twice; keep one of them'
  if (code === 'MULTIPLE_DOCS') return `a second document begins; keep one ${name} in a file`
  return undefined
}

/** Such a file is some lines. Whoever gives us more has mixed up files, and should not wait for the end of it. */
const BYTES_MAX = 1024 * 1024

async function textOf(path: string, { name, insteadOfLarge, insteadOfText }: YamlKind): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(path, { end: BYTES_MAX })) chunks.push(chunk)
  } catch (error) {
    throw fileProblem(path, error)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > BYTES_MAX) throw new UserError(`${path}: is too large for a ${name}; ${insteadOfLarge}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserError(`${path}: is not UTF-8 text; ${insteadOfText}`)
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

/**
 * Looks at the content of a file, in messages that begin with its path and the field.
 * @throws UserError with the line of the field
 */
export function located<T>(path: string, file: YamlFile, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.startsWith(`${path}: `)) throw error
    const message = error.message.slice(path.length + 2)
    const line = lineOf(file, message)
    throw new UserError(`${path}:${line === undefined ? '' : `${line}:`} ${message}`)
  }
}

/** The line of the field that a message begins with; of what holds it where it is not in the file. */
function lineOf({ document, lines }: YamlFile, message: string): number | undefined {
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
