import type { CheckResult, Fact } from '../../../lab/index.ts'
import type { Run } from '../../words/runs.ts'
import type { Failure } from '../../words/story-lines.ts'
import { html, type Markup } from '../markup.ts'
import { isOfRegion, regionColumns } from './regions.ts'
import { type Change, type Row, rowsOf } from './rows.ts'

/** The name of a run within the page. */
export function runId({ number }: Run): string {
  return `run-${number}`
}

/**
 * A run, from top to bottom: a lane for each CPU, a column for each region that matters. Each step that changes something has a row;
 * those before it that change nothing share one.
 */
export function runFigure(run: Run, { scenarios, properties }: CheckResult): Markup {
  const [failure] = run.breaks
  const { trace, start = [] } = failure
  const rows = rowsOf(failure)
  const cpus = [...new Set(trace.map(({ cpu }) => cpu))].sort((a, b) => a - b)
  const tasks = [...new Set(trace.map(({ who }) => who))]
  const regions = regionColumns(start, rows)
  const regionCells = (at: number) => regions.map(({ cells }) => cells[at])
  const across = html` colspan="${Math.max(1, cpus.length)}"`
  const broken = [...new Set(run.breaks.map(({ property }) => property))]
  return html`<figure class="run" id="${runId(run)}"><figcaption>${sentenceOf(scenarios, failure.scenario)}</figcaption><table>
<colgroup><col class="n">${laneColumns(cpus, rows)}${regions.length > 0 && html`<col class="r" span="${regions.length}">`}</colgroup>
<thead><tr><th scope="col">Step</th>${cpus.length === 0 ? html`<td></td>` : cpus.map((cpu) => html`<th scope="col">CPU ${cpu}</th>`)}${regions.map(
    ({ name }) => html`<th scope="col">${name}</th>`,
  )}</tr></thead><tbody>
<tr class="e"><th scope="row">start</th><td${across}>${startFacts(start)}</td>${regionCells(0)}</tr>
${rows.map((row, at) => {
  const lanes = cpus.map((cpu) => (cpu === row.cpu ? stepCell(row, tasks) : html`<td></td>`))
  const classes = [row.takesOver && 'first', row.isFatal && 'fatal'].filter((name) => name !== false).join(' ')
  return html`<tr${classes !== '' && html` class="${classes}"`}><th scope="row">${numbers(row)}</th>${lanes}${regionCells(at + 1)}</tr>
`
})}<tr class="e"><th scope="row">end</th><td${across}>${endFacts(failure, broken)}</td>${regionCells(rows.length + 1)}</tr>
</tbody></table>
${broken.map((name) => brokenLine(name, sentenceOf(properties, name)))}${stuckLines(run.breaks)}</figure>
`
}

function sentenceOf(named: CheckResult['properties'], name: string): string {
  return named.find((one) => one.name === name)?.sentence ?? ''
}

function brokenLine(name: string, sentence: string): Markup {
  return html`<p class="broken"><b>✗ breaks ${name}:</b> ${sentence}</p>`
}

/** Of a deadlock, who waits for what. */
function stuckLines(breaks: readonly Failure[]): Markup | false {
  const stuck = breaks.find((one) => one.stuck !== undefined)?.stuck ?? []
  return stuck.length > 0 && html`<ul class="stuck">${stuck.map((who) => html`<li>${who}</li>`)}</ul>`
}

/** `3–7`. */
function numbers({ first, last, isFatal }: Row): string {
  return `${isFatal ? '✗ ' : ''}${first === last ? first : `${first}–${last}`}`
}

/** In its task's colour; the task is named where it takes over from another, or goes on elsewhere. */
function stepCell({ who, whats, changes, takesOver }: Row, tasks: readonly string[]): Markup {
  const facts = changes.filter((change) => !isOfRegion(change))
  const isQuiet = changes.length === 0
  return html`<td class="s t${tasks.indexOf(who) % TASK_COLOURS}${isQuiet && ' q'}">${takesOver && html`<b>${who}</b> `}${whats.map(kept).join(' · ')}${facts.map(
    (fact) => html`<small>${changeWords(fact)}</small>`,
  )}</td>`
}

const TASK_COLOURS = 5

/** `unlock sev_bitmap_lock`, `RMPREAD page 0` stay on one line. */
function kept(words: string): string {
  return words.split(' ').length > 3 || words.includes('(') ? words : words.replaceAll(' ', '\u00a0')
}

/** CPUs that do little need less room. */
function laneColumns(cpus: readonly number[], rows: readonly Row[]): Markup {
  if (cpus.length === 0) return html`<col>`
  const counts = cpus.map((lane) => rows.filter(({ cpu }) => cpu === lane).length)
  const most = Math.max(...counts)
  return html`${counts.map((count) => (count > most / 2 ? html`<col>` : html`<col style="width:${Math.round(56 / cpus.length)}%">`))}`
}

function changeWords({ of, before, now }: Change): string {
  return before === undefined ? `${of}: ${now}` : `${of}: ${before} → ${now}`
}

function startFacts(start: readonly Fact[]): string {
  return joined(start.filter((fact) => !isOfRegion(fact)))
}

/** What is broken first, then what has changed, then the rest. */
function endFacts({ start = [], trace }: Failure, broken: readonly string[]): Markup {
  const before = new Map(start.map(({ of, now }) => [of, now]))
  const after = new Map([...start, ...trace.flatMap(({ changes }) => changes)].map(({ of, now }) => [of, now]))
  const facts = [...after].map(([of, now]) => ({ of, now })).filter((fact) => !isOfRegion(fact))
  const isGuilty = ({ of }: Fact) => broken.some((property) => GUILTY[property]?.test(of))
  const guilty = facts.filter(isGuilty)
  const changed = facts.filter((fact) => !isGuilty(fact) && before.get(fact.of) !== fact.now)
  const others = facts.filter((fact) => !isGuilty(fact) && before.get(fact.of) === fact.now)
  const parts = [
    guilty.length > 0 && html`<b>${joined(guilty)}</b>`,
    changed.length > 0 && html`<span>${joined(changed)}</span>`,
    others.length > 0 && html`as at the start: ${joined(others)}`,
  ].filter((part) => part !== false)
  return html`${parts.map((part, at) => html`${at > 0 && ' · '}${part}`)}`
}

/** Facts that a property is about, where it is not about regions or a step. */
const GUILTY: Readonly<Record<string, RegExp>> = {
  'every core': /^(online|core \d+ table)$/,
  'no lost request': /^request$/,
  balance: /^(hotplug disabled|mask|leaked pages)$/,
}

function joined(facts: readonly Fact[]): string {
  return facts.map(({ of, now }) => `${of} ${now}`).join(' · ')
}
