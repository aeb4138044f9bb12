import Table from 'cli-table3'
import type { CheckCell, CheckResult } from '../../lab/index.ts'
import { count, plural } from '../words/format.ts'
import { type Failure, failures, shortestRuns, storyLines } from '../words/story-lines.ts'
import { type Colours, coloursOf, comfortable, NO_LINES, type ScreenOptions, wrapped } from './screen.ts'

/**
 * What holds, what fails: for each scenario a table of properties and policies. Of a policy that is alone, the shortest run against
 * each property that fails, told step by step.
 */
export function checkScreen(result: CheckResult, options: ScreenOptions): string {
  const colours = coloursOf(options)
  const policies = [...new Set(result.results.map(({ policy }) => policy))]
  const tables = result.scenarios.map(({ name, sentence }) => {
    const cells = result.results.filter(({ scenario }) => scenario === name)
    const head = wrapped(`${name}: ${sentence}`, comfortable(options)).map((line) => `${colours.bold(line)}\n`)
    return `${head.join('')}${table(cells, policies, colours)}\n`
  })
  const stories =
    policies.length > 1 ? [] : shortestRuns(failures(result.results)).map((cell) => story(cell, result, options, colours))
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

/** A column for each CPU; below each step what it has changed. */
function story(cell: Failure, result: CheckResult, options: ScreenOptions, { bold, red, dim }: Colours): string {
  const { policy, property, scenario, trace } = cell
  const sentence = result.properties.find(({ name }) => name === property)?.sentence ?? ''
  const cpus = Math.max(...trace.map(({ cpu }) => cpu)) + 1
  const width = Math.max(24, Math.floor((comfortable(options) - NUMBER) / cpus))
  const lines = [`${bold(`${policy} breaks ${property}`)} in ${scenario}, in ${plural(trace.length, 'step')}`]
  lines.push(' '.repeat(NUMBER) + Array.from({ length: cpus }, (_, cpu) => dim(`CPU ${cpu}`.padEnd(width))).join(''))
  for (const { first, last, cpu, who, what, goesOn, changes } of storyLines(trace)) {
    const indent = ' '.repeat(cpu * width)
    const until = last > first ? dim(` … ${last}`) : ''
    lines.push(`${String(first).padStart(NUMBER - 2)}  ${indent}${who}: ${what}${goesOn ? ', goes on' : ''}${until}`)
    for (const { of, now } of changes) lines.push(`${' '.repeat(NUMBER + 2)}${indent}${dim(`${of} ${now}`)}`)
  }
  for (const who of cell.stuck ?? []) lines.push(`${' '.repeat(NUMBER)}${who}`)
  lines.push(...wrapped(`Broken: ${sentence}`, comfortable(options)).map((line) => red(line)))
  return `${lines.map((line) => `${line.trimEnd()}\n`).join('')}`
}

const NUMBER = 6

function summary({ results }: CheckResult): string {
  const of = (verdict: CheckCell['verdict']) => results.filter((cell) => cell.verdict === verdict).length
  return `${count(of('holds'))} hold, ${count(of('fails'))} fail, ${count(of('unfinished'))} unfinished`
}
