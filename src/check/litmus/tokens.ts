import { LitmusProblem, type Place } from './problem.ts'
import type { Word } from './syntax.ts'

interface Token extends Place {
  readonly kind: 'word' | 'string' | 'mark'
  readonly text: string
}

/** The tokens of one line, taken one after the other; whoever does not find what it expects fails with the place and both. */
export class TokenLine {
  readonly line: number
  readonly comment: string | undefined
  readonly #tokens: readonly Token[]
  readonly #end: number
  #at = 0

  /** @param line its number, from 1 */
  constructor(text: string, line: number) {
    const { tokens, comment } = tokensOf(text, line)
    this.line = line
    this.comment = comment
    this.#tokens = tokens
    this.#end = text.trimEnd().length + 1
  }

  get isOver(): boolean {
    return this.#at >= this.#tokens.length
  }

  /** Where the next token stands, or the line ends. */
  get place(): Place {
    const { line, column } = this.#tokens[this.#at] ?? { line: this.line, column: this.#end }
    return { line, column }
  }

  /** Whether the next token is this mark or word; `ahead`: the one so many after it. */
  is(text: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead]
    return token !== undefined && token.kind !== 'string' && token.text.toLowerCase() === text.toLowerCase()
  }

  /** Takes the next token if it is this mark or word. */
  skip(text: string): boolean {
    const isThere = this.is(text)
    if (isThere) this.#at++
    return isThere
  }

  expect(text: string, what = JSON.stringify(text)): void {
    if (!this.skip(text)) throw this.expected(what)
  }

  /** @param what is wanted, for the message */
  word(what: string, isIt: (text: string) => boolean = () => true): Word {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' || !isIt(token.text)) throw this.expected(what)
    this.#at++
    return { text: token.text, line: token.line, column: token.column }
  }

  string(what: string): string {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'string') throw this.expected(what)
    this.#at++
    return token.text
  }

  startsWithString(): boolean {
    return this.#tokens[0]?.kind === 'string'
  }

  startsWith(pattern: RegExp): boolean {
    return this.#tokens[0]?.kind === 'word' && pattern.test(this.#tokens[0].text)
  }

  end(what = 'nothing more on this line'): void {
    if (!this.isOver) throw this.expected(what)
  }

  expected(what: string): LitmusProblem {
    const token = this.#tokens[this.#at]
    return new LitmusProblem(
      this.place,
      `expected ${what}, not ${token === undefined ? 'the end of the line' : JSON.stringify(token.text)}`,
    )
  }
}

const TOKEN = /\s*(?:(;.*)|"([^"]*)"|(#?\w[\w.#-]*)|(=>|!=|\/\\|\\\/|[|[\],=:()+~])|(\S))/y

/** What those meant who write another language. */
const INSTEAD: Readonly<Record<string, string>> = {
  '&': 'write and',
  '!': 'in a condition write not',
  '#': 'a comment begins with ;',
  '/': 'a comment begins with ;',
  '{': 'how things stand before is told below a line init',
  '<': 'there are = and !=',
  '>': 'there are = and !=',
  '“': 'write "',
  '”': 'write "',
  "'": 'write "',
}

function tokensOf(text: string, line: number): { tokens: Token[]; comment: string | undefined } {
  const tokens: Token[] = []
  const pattern = new RegExp(TOKEN)
  while (pattern.lastIndex < text.trimEnd().length) {
    const match = pattern.exec(text) as RegExpExecArray
    const [all, comment, string, word, mark, strange] = match
    if (comment !== undefined) return { tokens, comment: comment.slice(1).trim() }
    const content = string !== undefined ? `"${string}"` : (word ?? mark ?? strange)
    const place = { line, column: match.index + all.length - content.length + 1 }
    if (strange === '"') throw new LitmusProblem(place, 'the text does not end on this line; close it with "')
    if (strange !== undefined) {
      throw new LitmusProblem(place, `${JSON.stringify(strange)} means nothing here; ${INSTEAD[strange] ?? 'remove it'}`)
    }
    tokens.push({
      kind: string !== undefined ? 'string' : word !== undefined ? 'word' : 'mark',
      text: string ?? content,
      ...place,
    })
  }
  return { tokens, comment: undefined }
}
