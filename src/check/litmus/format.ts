import type { Column, Condition, Instr, Line, LitmusFile, Operand, Setup, Term } from './syntax.ts'

/** The file in its canonical form: sections apart, columns aligned, mnemonics in capitals, comments kept. */
export function formatLitmus(file: LitmusFile): string {
  const table = tableOf(file.lines)
  const out: string[] = []
  for (const [index, line] of file.lines.entries()) {
    const text = table.get(index) ?? contentText(line)
    const isBlank = text === '' && line.comment === undefined
    if (isBlank && (out.length === 0 || out.at(-1) === '')) continue
    if (startsSection(line, file.lines[index - 1]) && out.length > 0 && out.at(-1) !== '') out.push('')
    out.push(withComment(text, line))
  }
  return `${out.join('\n')}\n`
}

/** One line with its comment. */
function withComment(text: string, { comment }: Line): string {
  if (comment === undefined) return text
  return text === '' ? `; ${comment}`.trimEnd() : `${text}  ; ${comment}`.trimEnd()
}

function startsSection(line: Line, before: Line | undefined): boolean {
  if (before?.kind === 'blank' && before.comment !== undefined) return false // the comment belongs to it
  switch (line.kind) {
    case 'init':
    case 'columns':
      return true
    case 'machine':
      return before?.kind !== 'machine'
    case 'condition':
    case 'show':
      return before?.kind === 'row' || before?.kind === 'columns'
    default:
      return false
  }
}

function contentText(line: Line): string {
  switch (line.kind) {
    case 'blank':
      return ''
    case 'name':
      return `litmus ${line.name}`
    case 'description':
      return `"${line.text}"`
    case 'source':
      return `source "${line.text}"`
    case 'machine':
      return ['machine', ...line.settings.map(operandText)].join(' ')
    case 'init':
      return 'init'
    case 'setup':
      return `  ${setupText(line.setup)}`
    case 'show':
      return `show ${line.terms.map(termText).join(', ')}`
    case 'condition':
      return `${line.quantifier} ${conditionText(line.condition)}`
    default:
      return ''
  }
}

/** The text of the lines of columns and rows, by line. */
function tableOf(lines: readonly Line[]): Map<number, string> {
  const rows = new Map<number, string[]>()
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'columns') rows.set(index, line.columns.map(columnText))
    if (line.kind === 'row')
      rows.set(
        index,
        line.cells.map((cell) => (cell === undefined ? '' : `  ${instrText(cell)}`)),
      )
  }
  const widths: number[] = []
  for (const row of rows.values()) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  const text = (row: string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]))
      .join(' | ')
      .trimEnd()
  return new Map([...rows].map(([index, row]) => [index, text(row)]))
}

function columnText({ cpu, who }: Column): string {
  return [cpu.text.toUpperCase(), ...who.map(operandText)].join(' ')
}

export function instrText({ label, mnemonic, operands }: Instr): string {
  const name = mnemonic.text.toUpperCase()
  return `${label === undefined ? '' : `${label.text}: `}${[name, operands.map(operandText).join(', ')].join(' ').trimEnd()}`
}

function operandText({ key, isMemory, words }: Operand): string {
  const value = words.map(({ text }) => text).join('+')
  return `${key === undefined ? '' : `${key.text}=`}${isMemory ? `[${value}]` : value}`
}

function setupText(setup: Setup): string {
  switch (setup.kind) {
    case 'switch':
      return `${setup.name.text} ${setup.value.text}`
    case 'entry':
      return [`${setup.where.text}: ${setup.state.text}`, ...setup.fields.map(operandText)].join(' ')
    case 'memory':
      return `[${setup.where.text}] = ${setup.value.text}`
    case 'optimised':
      return `${setup.region.text} optimised on ${setup.cpus.map(({ text }) => text).join(', ')}`
    case 'run':
      return `${setup.cpu.text.toUpperCase()}: ${instrText(setup.instr)}`
  }
}

export function termText(term: Term): string {
  if (term.kind === 'memory') return `[${term.where.text}]`
  if (term.kind === 'call') return `${term.name.text}(${term.args.map(({ text }) => text).join(', ')})`
  return `${term.of.text}:${term.field.text}`
}

const BINDS = { implies: 0, or: 1, and: 2, not: 3, is: 4 } as const
const WORDS = { implies: '=>', or: 'or', and: 'and' } as const

export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'is': {
      const { term, operator, value } = condition
      return value === undefined ? termText(term) : `${termText(term)} ${operator} ${value.text}`
    }
    case 'not':
      return `not ${inner(condition.of, BINDS.not)}`
    default: {
      const bind = BINDS[condition.kind]
      // `and` and `or` lean to the left, `=>` to the right.
      const [left, right] = condition.kind === 'implies' ? [bind + 1, bind] : [bind, bind + 1]
      return `${inner(condition.left, left)} ${WORDS[condition.kind]} ${inner(condition.right, right)}`
    }
  }
}

function inner(condition: Condition, binds: number): string {
  const text = conditionText(condition)
  return BINDS[condition.kind] < binds ? `(${text})` : text
}
