import type { z } from 'zod'
import { HOSTS } from '../sim/index.ts'
import { nearest } from './nearest.ts'

/** The fields that there are at a place of the input. */
export type KnownFields = (path: readonly PropertyKey[]) => string[]

/** A zod issue as one line: which field, what is wrong, what to do. */
export function explain(issue: z.core.$ZodIssue, knownFields: KnownFields): string {
  const at = issue.path.join('.') || 'the file'
  switch (issue.code) {
    case 'unrecognized_keys': {
      const [key] = issue.keys
      const known = knownFields(issue.path)
      return `unknown field ${[...issue.path, key].join('.')}; ${choice(nearest(key, known), known)}`
    }
    case 'invalid_union': {
      const inner = issue.errors.flat().find(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
      if (inner !== undefined) return explain({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, knownFields)
      if (at === 'host')
        return notKnown(
          at,
          issue.input,
          HOSTS.map(({ name }) => name),
        )
      if (at !== 'hosts') return `${at}: ${shown(issue.input)} is neither a name nor a map of fields; give one of them`
      return `${at}: ${shown(issue.input)} is not valid; give auto or a whole number from 1 to 100000`
    }
    case 'invalid_value':
      return notKnown(at, issue.input, issue.values.map(String))
    case 'invalid_type':
      if (issue.input === undefined) return `${at}: is missing; give ${KINDS[issue.expected] ?? issue.expected}`
      return `${at}: ${shown(issue.input)} is not ${KINDS[issue.expected] ?? issue.expected}; give one`
    case 'too_small':
      if (issue.origin === 'string') return `${at}: is empty; name a file`
      if (issue.origin === 'array') return `${at}: is empty; give at least ${issue.minimum}`
      return `${at}: ${shown(issue.input)} is too small; give ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      return `${at}: ${shown(issue.input)} is too large; give ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
    case 'invalid_format':
      return `${at}: ${shown(issue.input)} ${issue.message}`
    default:
      return `${at}: ${issue.message}`
  }
}

const KINDS: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  object: 'a map of fields',
  array: 'a list',
}

/** The issue to tell of: a field that is misspelt before one that is missing for it. */
export function firstOf(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
}

/** A value in a message, on one line and not too long. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing')
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** A name that is none, and the nearest that is. */
export function notKnown(at: string, given: unknown, known: readonly string[]): string {
  const guess = typeof given === 'string' ? nearest(given, known) : undefined
  return `${at === '' ? '' : `${at}: `}${shown(given)} is not known; ${choice(guess, known)}`
}

export function choice(guess: string | undefined, known: readonly string[]): string {
  return guess === undefined ? `choose one of ${known.join(', ')}` : `did you mean ${guess}?`
}
