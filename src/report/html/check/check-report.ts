import type { CheckResult } from '../../../lab/index.ts'
import { listed, plural, unbroken } from '../../words/format.ts'
import { type Chapter, type RunBook, runBook, type Told } from '../../words/runs.ts'
import { findings, policiesOf, statesOf } from '../../words/verdicts.ts'
import { html, Markup } from '../markup.ts'
import { page, section } from '../page.ts'
import { STYLE } from '../style.ts'
import { byScenario, overview } from './matrix.ts'
import { REGION_LEGEND } from './regions.ts'
import { runFigure, runId } from './run-figure.ts'
import { CHECK_STYLE } from './style.ts'

/** What `check` found as one HTML file: what holds, what fails, and the shortest runs that show it. The same result gives the same bytes. */
export function checkReport(result: CheckResult): string {
  const policies = policiesOf(result)
  const of = policies.length > 4 || policies.length === 0 ? plural(policies.length, 'policy', 'policies') : listed(policies)
  const { scenarios } = result
  const where = scenarios.length === 1 ? scenarios[0].name : plural(scenarios.length, 'small scenario')
  const title = `What fails in ${of}, through every interleaving of ${where}?`
  return page(title, new Markup(STYLE.text + CHECK_STYLE.text), body(result, title))
}

function body(result: CheckResult, title: string): Markup {
  const book = runBook(result)
  const [answer, ...further] = findings(result)
  return html`<main>
<header>
<p class="kicker">rmpopt check</p>
<h1>${title}</h1>
${settingLine(result)}
<div class="answer"><p class="lead">${unbroken(answer)}</p>${further.map((sentence) => html`<p>${unbroken(sentence)}</p>`)}</div>
</header>
${section('What holds, what fails', OVERVIEW_HINT, overview(result, book))}
${book.chapters.length > 0 && section('The shortest runs', RUNS_HINT, html`${REGION_LEGEND}${chapters(result, book)}`)}
${section('Scenario by scenario', '', byScenario(result, book))}
${section('How to read and repeat this', '', reading(result))}
</main>`
}

const OVERVIEW_HINT =
  '✓: holds in every state of every scenario. ✗ 69: fails, and the shortest run that shows it takes 69 steps (a link to it); below, in how many scenarios. ?: the budget was used up before all was seen.'
const RUNS_HINT =
  'From top to bottom in the order of steps, a lane for each CPU. A task is named where it takes over, and keeps its colour. What it does without effect on anything that matters is grey, and shares a row.'

function settingLine({ results, scenarios, properties }: CheckResult): Markup {
  const facts = [
    plural(new Set(results.map(({ policy }) => policy)).size, 'policy', 'policies'),
    plural(scenarios.length, 'scenario'),
    plural(properties.length, 'property', 'properties'),
    `${plural(statesOf(results), 'state')} visited`,
  ]
  return html`<ul class="setting">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>`
}

/** Few runs are all there to see; many wait to be asked for. */
const OPEN_MAX = 10

function chapters(result: CheckResult, { chapters: all }: RunBook): Markup {
  const opens = all.flatMap(({ shortest }) => shortest).length <= OPEN_MAX
  return html`${all.map((chapter) => {
    const { name, sentence, shortest, rest } = chapter
    return html`<h3>${name}</h3><p class="hint">${sentence}</p>
${shortest.map((told) => toldRun(told, chapter, result, opens))}${
  rest.length > 0 &&
  html`<details class="rest"><summary>In other scenarios <span class="count">${plural(rest.length, 'run')}</span></summary>
${rest.map((told) => toldRun(told, chapter, result, false))}</details>`
}`
  })}`
}

function toldRun({ run, home }: Told, { name }: Chapter, result: CheckResult, opens: boolean): Markup {
  const own = run.breaks.filter(({ property }) => property === name)
  const [{ scenario, steps }] = own
  const also = [...new Set(run.breaks.map(({ property }) => property))].filter((property) => property !== name)
  const what = html`<b>${listed(own.map(({ policy }) => policy))}</b> in ${scenario}, in ${plural(steps, 'step')}`
  if (home !== name)
    return html`<p class="elsewhere">${what}: <a href="#${runId(run)}">the run under ${home}</a></p>
`
  return html`<details class="told"${opens && html` open`}><summary>${what}${also.length > 0 && html` <span class="count">breaks ${listed(also)}, too</span>`}</summary>
${runFigure(run, result)}</details>
`
}

function reading(result: CheckResult): Markup {
  return html`<details><summary>Words</summary><dl>${WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl></details>
<p>This report was made from one document (schema <code>${result.schema}</code>). This command makes it again:</p>
<pre><code>${commandOf(result)}</code></pre>`
}

const WORDS: readonly [string, string][] = [
  [
    'Interleaving',
    'The kernel’s routines are played operation by operation, and RMPOPT, RMPUPDATE and PSMASH micro-step by micro-step (in some scenarios whole). After each any other task may go on, a timer may fire, an interrupt may be taken.',
  ],
  [
    'State',
    'All that the hardware and the kernel remember, and where each task is. “Every state” is every one that some interleaving leads to.',
  ],
  ['Step', 'One operation or micro-step. Micro-steps of one instruction that follow each other are told as one: 4–8.'],
  [
    'Shortest run',
    'No run with fewer steps breaks the property in that scenario. Runs that read the same for several policies are told once.',
  ],
  [
    'Time',
    'There is none: a run says what can come before what, not how likely it is. Timers fire any time after they were set.',
  ],
  [
    'Bounds',
    'A property that holds, holds for these scenarios: hosts of two or three cores, with a few regions of three huge pages of two pages. It says nothing of larger ones.',
  ],
]

/** Names are written so that a shell needs no quotes. */
function commandOf(result: CheckResult): string {
  const listOf = (named: CheckResult['scenarios']) => named.map(({ name }) => name.replaceAll(' ', '-')).join(',')
  const { scenarios, properties } = result
  return `rmpopt check --policy ${policiesOf(result).join(',')} --scenario ${listOf(scenarios)} --property ${listOf(properties)} --report report.html`
}
