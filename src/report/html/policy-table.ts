import type { ComparedFigure, ComparedPolicy, CompareResult } from '../../lab/index.ts'
import { bytes, points, ratio } from '../words/figures.ts'
import { count, digits, duration, percent } from '../words/format.ts'
import { versusOf } from '../words/standing.ts'
import { html, type Markup } from './markup.ts'

/** Policies in rows, in the order given; under each figure how it stands to `versus`, and the range over the seeds. */
export function policyTable(result: CompareResult): Markup {
  const versus = versusOf(result)
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Policies and their figures"><table class="policies">
<thead><tr><th scope="col">Policy</th>${COLUMNS.map(({ head, noteHead }) => html`<th scope="col">${head}${noteHead !== undefined && html`<small>${noteHead}</small>`}</th>`)}</tr></thead>
<tbody>
${result.policies.map((policy) => row(policy, versus))}
</tbody></table></div>`
}

interface Column {
  readonly head: string
  /** `null`: there is none. */
  readonly value: (policy: ComparedPolicy) => number | null
  readonly write: (value: number) => string
  /** A second figure, below the first. */
  readonly noteHead?: string
  readonly note?: (policy: ComparedPolicy) => string
  readonly against: (value: number, base: number) => string
  /** Of the ranges over seeds. */
  readonly range?: ComparedFigure
  /** Whether more is better; absent: neither is. */
  readonly isMoreBetter?: boolean
}

const COLUMNS: readonly Column[] = [
  {
    ...{
      head: 'Coverage',
      noteHead: 'of ideal',
      value: (p) => p.coverageMean,
      write: percent,
      against: () => '',
      range: 'coverageMean',
    },
    note: ({ shareOfIdeal }) => percent(shareOfIdeal),
  },
  {
    head: 'Coverage lost',
    value: (p) => p.coverageLost,
    write: percent,
    against: ratio,
    range: 'coverageLost',
    isMoreBetter: false,
  },
  {
    head: 'Checks skipped',
    value: (p) => p.checksSkipped,
    write: percent,
    against: points,
    range: 'checksSkipped',
    isMoreBetter: true,
  },
  {
    ...{
      head: 'CPU time',
      noteHead: 'of all there is',
      value: (p) => p.cpuNs,
      write: duration,
      against: ratio,
      range: 'cpuNs',
      isMoreBetter: false,
    },
    note: ({ cpuShare }) => percent(cpuShare),
  },
  {
    head: 'Worst interruption',
    value: (p) => p.stallNsMax,
    write: duration,
    against: ratio,
    range: 'stallNsMax',
    isMoreBetter: false,
  },
  { head: 'IPIs', value: (p) => p.ipis, write: count, against: ratio, range: 'ipis', isMoreBetter: false },
  {
    head: 'Delay, median',
    value: (p) => p.delayNs.p50,
    write: duration,
    against: ratio,
    range: 'delayP50Ns',
    isMoreBetter: false,
  },
  { head: 'Delay, p99', value: (p) => p.delayNs.p99, write: duration, against: ratio, range: 'delayP99Ns', isMoreBetter: false },
  { head: 'Never', value: never, write: percent, against: points, isMoreBetter: false },
  { head: 'Memory kept', value: (p) => p.keptBytes, write: bytes, against: ratio, isMoreBetter: false },
]

function never({ delayNs: { count: regions, neverCount } }: ComparedPolicy): number | null {
  return regions + neverCount === 0 ? null : neverCount / (regions + neverCount)
}

function row(policy: ComparedPolicy, versus: ComparedPolicy | undefined): Markup {
  const { name, when, what, who, summary, isBound, isOnFront } = policy
  const how = [when, what, who].filter((part) => part !== '').join(' · ')
  const classes = [policy === versus && 'versus', isBound && 'bound'].filter((name) => name !== false).join(' ')
  const front = isOnFront && !isBound && html` <abbr class="front" title="on the Pareto front">★</abbr>`
  return html`<tr class="${classes}"><th scope="row"><span class="name">${name}</span>${front}<span class="how">${how === '' ? summary : how}</span></th>${COLUMNS.map(
    (column) => cell(column, policy, versus),
  )}</tr>
`
}

function cell(
  { value, write, note, against, range, isMoreBetter }: Column,
  policy: ComparedPolicy,
  versus: ComparedPolicy | undefined,
): Markup {
  const own = value(policy)
  if (own === null) return html`<td>–</td>`
  const base = versus === undefined || versus === policy || policy.isBound ? null : value(versus)
  const difference = base === null ? '' : against(own, base)
  const isBetter = base !== null && isMoreBetter !== undefined && own !== base && own > base === isMoreBetter
  const ends = range && policy.range?.[range]
  return html`<td class="${isBetter ? 'better' : ''}">${write(own)}${note !== undefined && html`<small>${note(policy)}</small>`}${difference !== '' && html`<small class="against">${difference}</small>`}${
    ends !== undefined &&
    html`<small class="range">${write === percent && against !== ratio ? between(ends, write) : spread(ends, own)}</small>`
  }</td>`
}

/** `−6 … +7 %`: the range about the value. */
function spread([least, most]: readonly [number, number], value: number): string {
  if (value === 0 || (least === value && most === value)) return ''
  const per = (end: number) => digits((Math.abs(end - value) / value) * 100)
  return `(−${per(least)} … +${per(most)} %)`
}

/** `10.1–12.4 s`: a common unit is said once. */
function between([least, most]: readonly [number, number], write: (value: number) => string): string {
  const [low, high] = [write(least), write(most)]
  if (low === high) return low
  const unit = low.slice(low.lastIndexOf(' '))
  return low.includes(' ') && high.endsWith(unit) ? `${low.slice(0, -unit.length)}–${high}` : `${low}–${high}`
}
