import { FAIL_INPUT, FAIL_INUSE, FAIL_OVERLAP, FAIL_PERMISSION, FAIL_SIZEMISMATCH, SUCCESS } from '../../arch/index.ts'
import { termText } from './format.ts'
import { LitmusProblem, unknown } from './problem.ts'
import { isWord, type Scope } from './scope.ts'
import type { Condition, Term, Word } from './syntax.ts'
import { compileTerm, type Ended, type Programs, VALUE_WORDS, type Value } from './terms.ts'

/** Makes of a condition a function that says whether it holds at an end. */
export function compileCondition(scope: Scope, programs: Programs, condition: Condition): (ended: Ended) => boolean {
  const compile = (part: Condition) => compileCondition(scope, programs, part)
  if (condition.kind === 'is') {
    const { term, operator, value } = condition
    const look = compileTerm(scope, programs, term)
    if (value === undefined) return (ended) => isTrue(look(ended))
    const wanted = literal(term, value)
    return (ended) => isEqual(look(ended), wanted) === (operator === '=')
  }
  if (condition.kind === 'not') {
    const of = compile(condition.of)
    return (ended) => !of(ended)
  }
  const [left, right] = [compile(condition.left), compile(condition.right)]
  if (condition.kind === 'and') return (ended) => left(ended) && right(ended)
  if (condition.kind === 'or') return (ended) => left(ended) || right(ended)
  return (ended) => !left(ended) || right(ended)
}

/** The terms of a condition, from left to right. */
export function termsOf(condition: Condition): Term[] {
  if (condition.kind === 'is') return [condition.term]
  if (condition.kind === 'not') return termsOf(condition.of)
  return [...termsOf(condition.left), ...termsOf(condition.right)]
}

function isTrue(value: Value): boolean {
  return value !== undefined && value !== 0
}

function isEqual(value: Value, wanted: number | string): boolean {
  if (typeof value !== 'string') return value === wanted
  return typeof wanted === 'string' ? value.toLowerCase() === wanted.toLowerCase() : CODES[value] === wanted
}

/** Return codes have names; whoever writes a number means the same. */
const CODES: Readonly<Record<string, number>> = {
  SUCCESS,
  FAIL_INPUT,
  FAIL_PERMISSION,
  FAIL_INUSE,
  FAIL_OVERLAP,
  FAIL_SIZEMISMATCH,
}

/** A value as written. A word that the term can never be is a slip of the pen, and no condition. */
function literal(term: Term, value: Word): number | string {
  const { text } = value
  const words = wordsOf(term)
  if (words !== undefined && !words.some((word) => isWord(value, word)) && !(words === CODE_WORDS && NUMBER.test(text))) {
    throw unknown(value, `value of ${termText(term)}`, text, words)
  }
  if (words === undefined && !NUMBER.test(text) && !/^page\d+$/i.test(text)) {
    throw new LitmusProblem(value, `${JSON.stringify(text)} is no value of ${termText(term)}; give a number`)
  }
  return NUMBER.test(text) ? Number(text) : text
}

const NUMBER = /^(\d+|0x[\da-f]+)$/i
const CODE_WORDS = [...Object.keys(CODES), 'ciphertext']

/** What a term may be in words; `undefined`: it is a number, or a page. */
function wordsOf(term: Term): readonly string[] | undefined {
  if (term.kind !== 'field') return undefined
  const field = term.field.text.toLowerCase()
  return field === 'eax' ? CODE_WORDS : VALUE_WORDS[field]
}
