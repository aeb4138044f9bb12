import Table from 'cli-table3'
import type { CheckCell, CheckResult } from '../../lab/index.ts'
import { count, plural } from '../words/format.ts'
import { runBook } from '../words/runs.ts'
import { type Failure, failures, shortestRuns, storyLines } from '../words/story-lines.ts'
import { policiesOf } from '../words/verdicts.ts'
import { type Colours, coloursOf, comfortable, NO_LINES, type ScreenOptions, wrapped } from './screen.ts'

/** Which runs are told step by step: of a policy that is alone the shortest against each property that fails, or every one. */
export type RunsTold = 'shortest of one policy' | 'every'

/** What holds, what fails: for each scenario a table of properties and policies; and runs. */
export function checkScreen(result: CheckResult, options: ScreenOptions, told: RunsTold = 'shortest of one policy'): string {
  const colours = coloursOf(options)
  const policies = policiesOf(result)
  const tables = result.scenarios.map(({ name, sentence }) => {
    const cells = result.results.filter(({ scenario }) => scenario === name)
    const head = wrapped(`${name}: ${sentence}`, comfortable(options)).map((line) => `${colours.bold(line)}\n`)
    const open = unfinished(cells).flatMap((line) => wrapped(line, comfortable(options)))
    return `${head.join('')}${table(cells, policies, colours)}\n${open.map((line) => `${colours.yellow(line)}\n`).join('')}`
  })
  const stories = runsTold(result, policies, told).map((breaks) => story(breaks, result, options, colours))
  return `${tables.join('\n')}${LEGEND}${stories.map((text) => `\n${text}`).join('')}\n${summary(result)}\n`
}

const LEGEND = '\nok: in every state; a number: fails after so many steps; ?: the budget was used up before all was seen.\n'

function table(cells: readonly CheckCell[], policies: readonly string[], colours: Colours): string {
  const properties = [...new Set(cells.map(({ property }) => property))]
  const rows = new Table({ chars: NO_LINES, style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 } })
  rows.push(['', ...policies.map((policy) => colours.dim(policy))])
  for (const property of properties) {
    const of = (policy: string) => cells.find((cell) => cell.policy === policy && cell.property === property)
    rows.push([property, ...policies.map((policy) => mark(of(policy), colours))])
  }
  const states = policies.map((policy) => count(cells.find((cell) => cell.policy === policy)?.states ?? 0))
  rows.push([colours.dim('states'), ...states.map((text) => colours.dim(text))])
  return `${rows.toString()}\n`
}

function mark(cell: CheckCell | undefined, { green, red, yellow }: Colours): string {
  if (cell === undefined) return ''
  if (cell.verdict === 'fails') return red(String(cell.steps))
  return cell.verdict === 'holds' ? green('ok') : yellow('?')
}

/** Of each policy that was not seen to the end: how far, what was used up, and what to do. */
function unfinished(cells: readonly CheckCell[]): string[] {
  const open = new Map(cells.filter(({ verdict }) => verdict === 'unfinished').map((cell) => [cell.policy, cell]))
  return [...open.values()].flatMap(({ policy, states, because }) =>
    because === undefined ? [] : [`${policy} was not seen to the end: after ${plural(states, 'state')} ${USED_UP[because]}.`],
  )
}

const USED_UP: Readonly<Record<NonNullable<CheckCell['because']>, string>> = {
  bytes: 'the bytes of --budget were used up; give more',
  stopped: 'the time of --budget was used up; give more, or fewer scenarios',
  states: 'there was no room for more',
  'all failed': 'there was nothing left to fail',
  samples: 'enough had been tried',
}

/** Runs to be told, each with all that it breaks. */
function runsTold(result: CheckResult, policies: readonly string[], told: RunsTold): (readonly [Failure, ...Failure[]])[] {
  if (told === 'shortest of one policy')
    return policies.length > 1 ? [] : shortestRuns(failures(result.results)).map((failure) => [failure])
  return runBook(result).runs.map(({ breaks: [first, ...rest] }) => [first, ...rest])
}

/** A column for each CPU; below each step what it has changed. */
function story(
  breaks: readonly [Failure, ...Failure[]],
  result: CheckResult,
  options: ScreenOptions,
  { bold, red, dim }: Colours,
): string {
  const [{ trace }] = breaks
  const repeatsFrom = breaks.find((failure) => failure.repeatsFrom !== undefined)?.repeatsFrom
  const stuck = breaks.find((failure) => failure.stuck !== undefined)?.stuck ?? []
  const cpus = Math.max(...trace.map(({ cpu }) => cpu)) + 1
  const width = Math.max(24, Math.floor((comfortable(options) - NUMBER) / cpus))
  const lines = breaks.map(
    ({ policy, property, scenario }) =>
      `${bold(`${policy} breaks ${property}`)} in ${scenario}, in ${plural(trace.length, 'step')}`,
  )
  lines.push(' '.repeat(NUMBER) + Array.from({ length: cpus }, (_, cpu) => dim(`CPU ${cpu}`.padEnd(width))).join(''))
  for (const { first, last, cpu, who, what, goesOn, changes } of storyLines(trace)) {
    const indent = ' '.repeat(cpu * width)
    const until = last > first ? dim(` … ${last}`) : ''
    lines.push(`${String(first).padStart(NUMBER - 2)}  ${indent}${who}: ${what}${goesOn ? ', goes on' : ''}${until}`)
    for (const { of, now } of changes) lines.push(`${' '.repeat(NUMBER + 2)}${indent}${dim(`${of} ${now}`)}`)
  }
  for (const who of stuck) lines.push(`${' '.repeat(NUMBER)}${who}`)
  if (repeatsFrom !== undefined) lines.push(`Steps ${repeatsFrom + 1} to ${trace.length} come again and again.`)
  for (const name of new Set(breaks.map(({ property }) => property))) {
    const sentence = result.properties.find((property) => property.name === name)?.sentence ?? ''
    lines.push(...wrapped(`Broken: ${sentence}`, comfortable(options)).map((line) => red(line)))
  }
  return `${lines.map((line) => `${line.trimEnd()}\n`).join('')}`
}

const NUMBER = 6

function summary({ results }: CheckResult): string {
  const of = (verdict: CheckCell['verdict']) => results.filter((cell) => cell.verdict === verdict).length
  return `${count(of('holds'))} hold, ${count(of('fails'))} fail, ${count(of('unfinished'))} unfinished`
}
