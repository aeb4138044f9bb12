import type { Condition, Term, Word } from './syntax.ts'
import type { TokenLine } from './tokens.ts'

/** `not` binds closest, then `and`, `or`, `=>`. herd's `~`, `/\` and `\/` are understood, too. */
export function parseCondition(tokens: TokenLine): Condition {
  const left = parseOr(tokens)
  if (tokens.is('|') || tokens.is(',')) throw tokens.expected('and, or, => or nothing more')
  return tokens.skip('=>') ? { kind: 'implies', left, right: parseCondition(tokens) } : left
}

function parseOr(tokens: TokenLine): Condition {
  let left = parseAnd(tokens)
  while (tokens.skip('or') || tokens.skip('\\/')) left = { kind: 'or', left, right: parseAnd(tokens) }
  return left
}

function parseAnd(tokens: TokenLine): Condition {
  let left = parseNot(tokens)
  while (tokens.skip('and') || tokens.skip('/\\')) left = { kind: 'and', left, right: parseNot(tokens) }
  return left
}

function parseNot(tokens: TokenLine): Condition {
  if (tokens.skip('not') || tokens.skip('~')) return { kind: 'not', of: parseNot(tokens) }
  if (tokens.skip('(')) {
    const inner = parseCondition(tokens)
    tokens.expect(')')
    return inner
  }
  const term = parseTerm(tokens)
  const operator = tokens.skip('!=') ? '!=' : '='
  if (operator === '=' && !tokens.skip('=')) return { kind: 'is', term, operator, value: undefined }
  if (tokens.is('=')) throw tokens.expected('a value after one "="')
  return { kind: 'is', term, operator, value: tokens.word('a value') }
}

export function parseTerm(tokens: TokenLine): Term {
  const place = tokens.place
  if (tokens.skip('[')) {
    const where = tokens.word('a page such as page0')
    tokens.expect(']')
    return { ...place, kind: 'memory', where }
  }
  const word = tokens.word('a term such as CPU0:CF, page0:assigned, [page0] or optimised(region0)')
  if (/^(optimised|cached)$/i.test(word.text) && !tokens.is('(')) throw tokens.expected(`"(" and a region after ${word.text}`)
  if (tokens.skip('(')) {
    const args: Word[] = [tokens.word('a region such as region0')]
    while (tokens.skip(',')) args.push(tokens.word('a CPU such as CPU0'))
    tokens.expect(')')
    return { ...place, kind: 'call', name: word, args }
  }
  tokens.expect(':', `":" and a field after ${JSON.stringify(word.text)}, as in CPU0:CF`)
  return { ...place, kind: 'field', of: word, field: tokens.word('a field') }
}
