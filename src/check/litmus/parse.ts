import { parseCondition, parseTerm } from './parse-condition.ts'
import { LitmusProblem } from './problem.ts'
import type { Column, Instr, Line, LineContent, LitmusFile, Operand, Setup, Term, Word } from './syntax.ts'
import { TokenLine } from './tokens.ts'

/** What has been read decides what a line can be. */
type Section = 'head' | 'init' | 'program' | 'conditions'

/**
 * Reads a litmus file; docs/litmus.md tells the grammar.
 * @throws LitmusProblem at the first thing that is not as it should be
 */
export function parseLitmus(text: string): LitmusFile {
  const lines: Line[] = []
  let section: Section = 'head'
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const tokens = new TokenLine(line, index + 1)
    const place = tokens.place
    const content = parseLine(tokens, section, lines)
    tokens.end()
    section = sectionAfter(content, section)
    lines.push({ ...content, ...place, ...(tokens.comment === undefined ? {} : { comment: tokens.comment }) })
  }
  while (lines.at(-1)?.kind === 'blank' && lines.at(-1)?.comment === undefined) lines.pop()
  return checked({ lines }, text)
}

function sectionAfter({ kind }: LineContent, section: Section): Section {
  if (kind === 'init') return 'init'
  if (kind === 'columns') return 'program'
  return kind === 'condition' || kind === 'show' ? 'conditions' : section
}

function checked(file: LitmusFile, text: string): LitmusFile {
  const end = { line: Math.max(1, text.trimEnd().split('\n').length), column: 1 }
  const count = (kind: Line['kind']) => file.lines.filter((line) => line.kind === kind).length
  const first = file.lines.find(({ kind }) => kind !== 'blank')
  if (first === undefined) throw new LitmusProblem(end, 'the file is empty; begin with "litmus NAME"')
  for (const kind of ['name', 'init', 'columns', 'source'] as const) {
    const again = file.lines.filter((line) => line.kind === kind)[1]
    if (again !== undefined) throw new LitmusProblem(again, `there is a second one of these lines; keep one`)
  }
  if (count('columns') === 0)
    throw new LitmusProblem(end, 'there is no program; add a line such as "CPU0 | CPU1" and what they do below it')
  if (count('condition') === 0) throw new LitmusProblem(end, 'nothing is asked; end with exists, forall or never and a condition')
  return file
}

function parseLine(tokens: TokenLine, section: Section, before: readonly Line[]): LineContent {
  if (tokens.isOver) return { kind: 'blank' }
  if (!tokens.is('litmus') && before.every(({ kind }) => kind === 'blank')) throw tokens.expected('"litmus NAME" first')
  if (section === 'program' || section === 'conditions') {
    for (const quantifier of ['exists', 'forall', 'never'] as const) {
      if (tokens.skip(quantifier)) return { kind: 'condition', quantifier, condition: parseCondition(tokens) }
    }
    if (tokens.skip('show')) return { kind: 'show', terms: separated(tokens, parseTerm) as Term[] }
    if (tokens.is('not') || tokens.is('~')) throw tokens.expected('exists, forall or never (which is not exists)')
    const isMeantSo = tokens.startsWith(/^\w/) && tokens.is(':', 2) && !tokens.is(':', 1) && !tokens.is('|', 1)
    if (isMeantSo) throw tokens.expected('exists, forall or never before a condition')
    if (section === 'conditions') throw tokens.expected('exists, forall, never or show')
    return { kind: 'row', cells: parseCells(tokens) }
  }
  if (tokens.startsWith(/^CPU\d+$/i) && !tokens.is(':', 1)) return { kind: 'columns', columns: parseColumns(tokens) }
  if (section === 'init') {
    const asked = ['exists', 'forall', 'never', 'show'].some((word) => tokens.is(word))
    if (!asked) return { kind: 'setup', setup: parseSetup(tokens) }
  }
  if (tokens.startsWithString()) return { kind: 'description', text: tokens.string('a description') }
  if (tokens.skip('litmus')) return { kind: 'name', name: nameOf(tokens) }
  if (tokens.skip('source')) return { kind: 'source', text: tokens.string('the source in quotes') }
  if (tokens.skip('machine')) return { kind: 'machine', settings: many(tokens, parseOperand) }
  if (tokens.skip('init')) {
    tokens.end('what is so before on the lines below init')
    return { kind: 'init' }
  }
  for (const late of ['exists', 'forall', 'never', 'show']) {
    if (tokens.is(late)) throw tokens.expected('the program first: a line such as "CPU0 | CPU1", and what they do below it')
  }
  throw tokens.expected('litmus, a description in quotes, source, machine, init or a line of CPUs such as "CPU0 | CPU1"')
}

function nameOf(tokens: TokenLine): string {
  const { text } = tokens.word('a name')
  tokens.end(`a name of one word such as ${text}-race`)
  return text
}

function parseColumns(tokens: TokenLine): Column[] {
  return barred(tokens, () => {
    const place = tokens.place
    const cpu = tokens.word('a CPU such as CPU0', (text) => /^CPU\d+$/i.test(text))
    const who: Operand[] = []
    while (!tokens.isOver && !tokens.is('|')) who.push(parseOperand(tokens))
    return { ...place, cpu, who }
  })
}

function parseCells(tokens: TokenLine): (Instr | undefined)[] {
  return barred(tokens, () => (tokens.isOver || tokens.is('|') ? undefined : parseInstr(tokens)))
}

function parseInstr(tokens: TokenLine): Instr {
  const place = tokens.place
  const label = tokens.is(':', 1) ? tokens.word('a label') : undefined
  if (label !== undefined) tokens.expect(':')
  const mnemonic = tokens.word('an instruction')
  const operands = tokens.isOver || tokens.is('|') ? [] : separated(tokens, parseOperand)
  if (!tokens.isOver && !tokens.is('|'))
    throw tokens.expected('"," before another operand, "|" before another CPU’s column, or nothing more')
  return { ...place, label, mnemonic, operands }
}

function parseOperand(tokens: TokenLine): Operand {
  const place = tokens.place
  if (tokens.skip('[')) {
    const words = [tokens.word('a page such as page0')]
    tokens.expect(']')
    return { ...place, isMemory: true, words }
  }
  const first = tokens.word('an operand')
  if (!tokens.skip('=')) return { ...place, isMemory: false, words: sum(tokens, first) }
  return { ...place, key: first, isMemory: false, words: sum(tokens, tokens.word('a value')) }
}

function sum(tokens: TokenLine, first: Word): Word[] {
  const words = [first]
  while (tokens.skip('+')) words.push(tokens.word('what is to be added'))
  return words
}

function parseSetup(tokens: TokenLine): Setup {
  if (tokens.skip('[')) {
    const where = tokens.word('a page such as page0')
    tokens.expect(']')
    tokens.expect('=')
    return { kind: 'memory', where, value: tokens.word('a number') }
  }
  if (tokens.startsWith(/^CPU\d+$/i)) {
    const cpu = tokens.word('a CPU')
    tokens.expect(':')
    return { kind: 'run', cpu, instr: parseInstr(tokens) }
  }
  const word = tokens.word('a page, a region, snp, rmpopt, a CPU or [page0]')
  if (tokens.skip('optimised')) {
    tokens.expect('on')
    return { kind: 'optimised', region: word, cpus: separated(tokens, () => tokens.word('a CPU such as CPU0, or all')) }
  }
  if (/^region\d+$/i.test(word.text) && !tokens.is(':')) throw tokens.expected('"optimised on" and CPUs')
  if (tokens.is('=')) throw tokens.expected(`":" and a page state after ${word.text} (memory is [${word.text}] = 1)`)
  if (!tokens.skip(':')) return { kind: 'switch', name: word, value: tokens.word('a value') }
  return { kind: 'entry', where: word, state: tokens.word('a page state'), fields: many(tokens, parseOperand) }
}

function many<T>(tokens: TokenLine, parse: (tokens: TokenLine) => T): T[] {
  const found: T[] = []
  while (!tokens.isOver) found.push(parse(tokens))
  return found
}

function separated<T>(tokens: TokenLine, parse: (tokens: TokenLine) => T): T[] {
  const found = [parse(tokens)]
  while (tokens.skip(',')) found.push(parse(tokens))
  return found
}

function barred<T>(tokens: TokenLine, parse: () => T): T[] {
  const found = [parse()]
  while (tokens.skip('|')) found.push(parse())
  return found
}
