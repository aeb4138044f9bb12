import type { CheckCell, CheckResult } from '../../../lab/index.ts'
import { count, plural } from '../../words/format.ts'
import type { RunBook } from '../../words/runs.ts'
import { overall, policiesOf, statesOf } from '../../words/verdicts.ts'
import { html, type Markup } from '../markup.ts'
import { runId } from './run-figure.ts'

/** Over all scenarios: properties in rows, and what each says; policies in columns. */
export function overview(result: CheckResult, book: RunBook): Markup {
  const policies = policiesOf(result)
  const rows = result.properties.map(({ name, sentence }) => {
    const cells = result.results.filter(({ property }) => property === name)
    const marks = policies.map((policy) => {
      const own = cells.filter((cell) => cell.policy === policy)
      const failing = own.filter(({ verdict }) => verdict === 'fails').length
      const where = result.scenarios.length > 1 ? `in ${failing}` : undefined
      return mark(overall(own), book, [policy, name], where)
    })
    return html`<tr><th scope="row"><span class="name">${name}</span><span class="how">${sentence}</span></th>${marks}</tr>
`
  })
  return table(policies, rows, (policy) => result.results.filter((cell) => cell.policy === policy))
}

/** For each scenario the same, folded away; what fails in it is said beside its name. */
export function byScenario(result: CheckResult, book: RunBook): Markup {
  const policies = policiesOf(result)
  return html`<div class="scenarios${policies.length < 3 && ' few'}">${result.scenarios.map(({ name: scenario, sentence }) => {
    const cells = result.results.filter((cell) => cell.scenario === scenario)
    const properties = result.properties.map(({ name }) => name).filter((name) => cells.some(({ property }) => property === name))
    const rows = properties.map((property) => {
      const marks = policies.map((policy) => {
        const own = cells.filter((cell) => cell.policy === policy && cell.property === property)
        return mark(overall(own), book, [policy, property, scenario])
      })
      return html`<tr><th scope="row">${property}</th>${marks}</tr>
`
    })
    const of = (verdict: CheckCell['verdict']) =>
      properties.filter((property) => overall(cells.filter((cell) => cell.property === property)) === verdict)
    return html`<details class="scenario"><summary>${scenario} ${badge(of('fails'), of('unfinished'))}<span class="how">${sentence}</span></summary>
${table(policies, rows, (policy) => cells.filter((cell) => cell.policy === policy))}</details>
`
  })}</div>`
}

function badge(failing: readonly string[], open: readonly string[]): Markup {
  if (failing.length > 0) return html`<span class="badge no">✗ ${failing.join(', ')}</span>`
  return open.length > 0
    ? html`<span class="badge open">? ${open.join(', ')}</span>`
    : html`<span class="badge ok">✓ all hold</span>`
}

function table(policies: readonly string[], rows: readonly Markup[], cellsOf: (policy: string) => readonly CheckCell[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Properties and policies"><table class="matrix${policies.length < 4 && ' few'}">
<thead><tr><th scope="col">Property</th>${policies.map((policy) => html`<th scope="col">${policy}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
<tfoot><tr><th scope="row">States visited</th>${policies.map((policy) => html`<td>${count(statesOf(cellsOf(policy)))}</td>`)}</tr></tfoot></table></div>`
}

/** A sign, a colour, and where it fails how long the shortest run is that shows it. */
function mark(
  verdict: CheckCell['verdict'] | undefined,
  { shortest, runOf }: RunBook,
  of: Parameters<RunBook['shortest']>,
  where?: string,
): Markup {
  if (verdict === undefined) return html`<td></td>`
  if (verdict === 'holds') return html`<td class="ok"><abbr title="holds">✓</abbr></td>`
  if (verdict === 'unfinished') return html`<td class="open"><abbr title="not seen to the end">?</abbr></td>`
  const failure = shortest(...of)
  if (failure === undefined) return html`<td class="no">✗</td>`
  const { steps } = failure
  const link = html`<a href="#${runId(runOf(failure))}" title="fails after ${plural(steps, 'step')}">✗ ${steps}</a>`
  return html`<td class="no">${link}${where !== undefined && html`<small>${where}</small>`}</td>`
}
