import Papa from 'papaparse'
import { type BuilderOptions, TraceBuilder } from './builder.ts'
import { COLUMNS, type Layout, layoutOf } from './layout.ts'
import type { Trace } from './trace.ts'
import { UserError } from './user-error.ts'

/**
 * Reads a trace as comma-separated text, piece by piece as it arrives: the memory it needs is that of the trace. Lines end in LF
 * or CRLF; blank lines are passed over.
 */
export class CsvReader {
  /** Number of the line on which the part read so far ends, from 1. */
  get line(): number {
    return this.nextLine + newlines(this.rest)
  }

  private readonly name: string
  private readonly builder: TraceBuilder
  private readonly parser = new Papa.Parser({ delimiter: ',', newline: '\n' })
  private layout: Layout | undefined
  /** Text of the record that is not yet complete. */
  private rest = ''
  /** Line on which that record starts. */
  private nextLine = 1

  /** @param name of the source, for messages: a file name */
  constructor(name: string, options: BuilderOptions = {}) {
    this.name = name
    this.builder = new TraceBuilder(name, options)
  }

  /**
   * Takes the next piece of the text, cut anywhere.
   * @throws UserError for what is wrong with the rows completed
   */
  push(text: string): void {
    this.parse(this.rest + text, true)
    if (this.rest.length > RECORD_MAX)
      throw this.error(`a row of more than ${RECORD_MAX} characters; close the quote or end the line`)
  }

  /**
   * The trace, after the last piece.
   * @throws UserError for what is wrong with the last row, and when there are no rows
   */
  finish(): Trace {
    this.parse(this.rest, false)
    if (!this.layout) throw new UserError(`${this.name}: is empty; give a trace with the columns ${COLUMNS.join(', ')}`)
    return this.builder.finish()
  }

  private parse(text: string, moreToCome: boolean): void {
    const { data, errors, meta } = this.parser.parse(text, 0, moreToCome) as Papa.ParseResult<string[]>
    // An error in a row that is not complete may vanish with the next piece.
    const bad = errors.find((error) => (error.row ?? 0) < data.length)?.row
    for (let i = 0; i < data.length; i++) {
      if (i === bad) throw this.error('bad quoting; enclose a field in quotes as a whole, and double the quotes in it')
      this.add(data[i])
    }
    this.rest = moreToCome ? text.slice(meta.cursor) : ''
  }

  private add(fields: string[]): void {
    const line = this.nextLine
    this.nextLine += linesOf(fields)
    const last = fields.length - 1
    if (fields[last].endsWith('\r')) fields[last] = fields[last].slice(0, -1)
    if (last === 0 && fields[0].trim() === '') return
    if (!this.layout) {
      this.layout = layoutOf(this.name, fields)
      if (this.layout.hasHeader) return
    }
    if (fields.length === this.layout.width) this.builder.add(this.layout.rowOf(fields), line)
    else this.builder.reject(line, `${fields.length} fields where the first line has ${this.layout.width}`)
  }

  private error(what: string): UserError {
    return new UserError(`${this.name}:${this.nextLine}: ${what}`)
  }
}

/** Characters of the longest row: a quote that is never closed would swallow the rest of the file. */
const RECORD_MAX = 2 ** 20

/** Lines of a record: a quoted field may contain more. */
function linesOf(fields: readonly string[]): number {
  let lines = 1
  for (const field of fields) if (field.includes('\n')) lines += newlines(field)
  return lines
}

function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
