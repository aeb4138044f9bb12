import { createReadStream } from 'node:fs'
import { type Document, type ErrorCode, LineCounter, parseDocument } from 'yaml'
import { UserError } from '../workload/index.ts'
import { fileProblem } from './problem.ts'

/** What a YAML file is to be, for messages. */
export interface YamlKind {
  readonly name: string
  /** What to do with a file that is too large for it, or no text at all. */
  readonly insteadOfLarge: string
  readonly insteadOfText: string
}

/**
 * Reads a YAML file. @throws UserError naming file and line, for a file that cannot be read or is not YAML
 */
export async function readYaml(
  path: string,
  kind: YamlKind,
): Promise<{ document: Document; lines: LineCounter; content: unknown }> {
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
