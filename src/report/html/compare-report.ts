import type { CompareResult } from '../../lab/index.ts'
import { conclusions } from '../words/conclusions.ts'
import { count, plural, unbroken } from '../words/format.ts'
import { costFigure } from './figures/cost-figure.ts'
import { coverageFigure, lostFigure } from './figures/coverage-figure.ts'
import { delayFigure } from './figures/delay-figure.ts'
import { looksOf } from './figures/looks.ts'
import { mapFigure } from './figures/map-figure.ts'
import { html, type Markup } from './markup.ts'
import { page, section } from './page.ts'
import { policyTable } from './policy-table.ts'
import { assumptionsSection, blockedSection, possible, readingSection, sensitivitySection, settingLine } from './sections.ts'
import { STYLE } from './style.ts'

/**
 * A comparison as one HTML file that needs nothing else: no network and no script; for screens wide and narrow, light and dark, and for
 * paper. The same result gives the same bytes.
 */
export function compareReport(result: CompareResult): string {
  const title = `Which re-optimisation policy for ${plural(result.vms.placed, 'VM')} on ${count(result.hosts)} × ${result.host.name}?`
  return page(title, STYLE, body(result, title))
}

function body(result: CompareResult, title: string): Markup {
  const looks = looksOf(result)
  const [answer, ...further] = conclusions(result)
  return html`<main>
<header>
<p class="kicker">rmpopt compare</p>
<h1>${title}</h1>
${settingLine(result)}
<div class="answer"><p class="lead">${unbroken(answer)}</p>${further.map((sentence) => html`<p>${unbroken(sentence)}</p>`)}</div>
</header>
${section('Policies', `Held against ${result.versus}. ★: on the Pareto front.${result.seeds === 0 ? '' : ` Small in italics: least and most of ${plural(result.seeds + 1, 'seed')}.`}`, policyTable(result))}
${section(
  'Coverage over time',
  `Possible on average: ${possible(result)} of the memory outside SNP guests. Shaded: out of reach of every policy.`,
  html`
<div class="pair side"><figure>${coverageFigure(result, looks)}</figure><div class="aside">${blockedSection(result)}</div></div>`,
)}
${section('Coverage lost against the ideal', `The same, as what is missing: each policy on one logarithmic scale, means at the right. Dashed behind: ${result.versus}.`, lostFigure(result, looks))}
${section('How long freed regions wait', 'From a region becoming eligible again to it being optimised on the last core.', delayFigure(result, looks))}
${section('What coverage costs', 'Down and to the left is better. Filled: on the Pareto front of all figures; dashed line: best in the two shown.', costFigure(result, looks))}
${section('Regions of one host', '', mapFigure(result))}
${section('What was assumed, and how much it matters', '', html`${sensitivitySection(result, looks)}${assumptionsSection(result)}`)}
${section('How to read and repeat this', '', readingSection(result))}
</main>`
}
