import Table from 'cli-table3'
import type { CheckCell, CheckResult } from '../../lab/index.ts'
import { count, plural } from '../words/format.ts'
import { runBook } from '../words/runs.ts'
import { type Failure, failures, shortestRuns, storyLines } from '../words/story-lines.ts'
import { policiesOf } from '../words/verdicts.ts'
import { scenarioLines } from './check-scenarios.ts'
import { type Colours, coloursOf, comfortable, NO_LINES, type ScreenOptions, wrapped } from './screen.ts'

/** Which runs are told step by step: of a policy that is alone the shortest against each property that fails, or every one. */
export type RunsTold = 'shortest of one policy' | 'every'

/** What holds, what fails: a table of properties and policies, over all scenarios, and what fails in which; and runs. */
export function checkScreen(result: CheckResult, options: ScreenOptions, told: RunsTold = 'shortest of one policy'): string {
  const colours = coloursOf(options)
  const policies = policiesOf(result)
  const { scenarios, results } = result
  const title =
    scenarios.length === 1
      ? `${scenarios[0].name}: ${scenarios[0].sentence}`
      : `${plural(scenarios.length, 'scenario')}, every interleaving`
  const text = (words: string) => wrapped(words, comfortable(options))
  const lines = [
    ...text(title).map((line) => colours.bold(line)),
    table(results, policies, colours),
    ...text(LEGEND),
    ...(scenarios.length === 1 ? [] : ['', ...scenarioLines(result, options, colours)]),
    ...unfinished(results).flatMap((words) => ['', ...text(words).map((line) => colours.yellow(line))]),
  ]
  const stories = runsTold(result, policies, told).map((breaks) => story(breaks, result, options, colours))
  return `${lines.map((line) => `${line}\n`).join('')}${stories.map((words) => `\n${words}`).join('')}\n${summary(result)}\n`
}

const LEGEND =
  'ok: holds in every state; a number: fails, in so many steps at the shortest (in so many scenarios); ?: the budget was used up before all was seen.'

function table(cells: readonly CheckCell[], policies: readonly string[], colours: Colours): string {
  const properties = [...new Set(cells.map(({ property }) => property))]
  const rows = new Table({ chars: NO_LINES, style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 } })
  rows.push(['', ...policies.map((policy) => colours.dim(policy))])
  for (const property of properties) {
    const of = (policy: string) => cells.filter((cell) => cell.policy === policy && cell.property === property)
    rows.push([property, ...policies.map((policy) => mark(of(policy), colours))])
  }
  const states = policies.map((policy) => count(statesOf(cells.filter((cell) => cell.policy === policy))))
  rows.push([colours.dim('states'), ...states.map((text) => colours.dim(text))])
  return rows.toString()
}

/** One property of one policy, in all scenarios. */
function mark(cells: readonly CheckCell[], { green, red, yellow }: Colours): string {
  const [shortest, ...more] = failures(cells).sort((a, b) => a.steps - b.steps)
  if (shortest !== undefined) return red(`${shortest.steps}${more.length === 0 ? '' : ` (${more.length + 1})`}`)
  return cells.every(({ verdict }) => verdict === 'holds') ? green('ok') : yellow('?')
}

/** Visited in all scenarios: of each scenario all cells say the same. */
function statesOf(cells: readonly CheckCell[]): number {
  const byScenario = new Map(cells.map(({ scenario, states }) => [scenario, states]))
  return [...byScenario.values()].reduce((sum, states) => sum + states, 0)
}

/** Of each policy that was not seen to the end in a scenario: how far, what was used up, and what to do. */
function unfinished(cells: readonly CheckCell[]): string[] {
  const open = cells.filter(({ verdict }) => verdict === 'unfinished')
  return [...new Map(open.map((cell) => [`${cell.policy} ${cell.scenario}`, cell])).values()].flatMap(
    ({ policy, scenario, states, stepsSeen, because }) => {
      const far = stepsSeen === undefined ? '' : `, all runs of up to ${plural(stepsSeen, 'step')} among them`
      const how = because === undefined ? '' : `; ${USED_UP[because]}`
      return [`${policy} in ${scenario} was not seen to the end: ${plural(states, 'state')}${far}${how}.`]
    },
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
