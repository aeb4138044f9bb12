import * as Plot from '@observablehq/plot'
import type { ComparedPolicy, CompareResult } from '../../../lab/index.ts'
import { percent, roundPercent } from '../../words/format.ts'
import { runnable } from '../../words/standing.ts'
import { html, type Markup } from '../markup.ts'
import { shareAxis, timeScale } from './axes.ts'
import { drawing } from './drawing.ts'
import { lineLegend } from './legend.ts'
import { IDEAL, type Looks } from './looks.ts'

/** Coverage itself, for context: what is possible, and how near the policies come. */
export function coverageFigure(result: CompareResult, looks: Looks): Markup {
  const bins = result.ideal.timeline
  const lines = result.policies.filter(({ name }) => name !== 'ideal').sort((a, b) => rank(a, looks) - rank(b, looks))
  const svg = drawing(
    `Coverage over time: ${lines.map(({ name, coverageMean }) => `${name} ${percent(coverageMean)} on average`).join(', ')}`,
    {
      height: 300,
      marginLeft: 48,
      marginRight: 14,
      x: timeScale(result.simulatedNs),
      y: { domain: [0, 1], grid: true, tickFormat: roundPercent, label: null, tickSize: 0, ticks: 5 },
      marks: [
        Plot.areaY(steps(bins), { x: 'ns', y1: 'value', y2: 1, curve: 'step-before', fill: 'var(--blocked)', fillOpacity: 0.35 }),
        ...lines.map(({ name, timeline }) => {
          const { colour, dash, width } = looks.get(name)!
          return Plot.line(steps(timeline), { ...AS_STEPS, stroke: colour, strokeDasharray: dash, strokeWidth: width })
        }),
        Plot.line(steps(bins), { ...AS_STEPS, stroke: IDEAL.colour, strokeDasharray: IDEAL.dash, strokeWidth: IDEAL.width }),
        Plot.ruleY([0], { stroke: 'var(--ink-3)' }),
      ],
    },
  )
  const named = result.policies.filter(({ name }) => looks.get(name)!.isNamed && name !== 'ideal')
  const legend = [
    ...named.map(({ name }) => ({ name, look: looks.get(name)! })),
    { name: 'ideal: all that is possible', look: IDEAL },
  ]
  return html`${lineLegend(legend)}${svg}`
}

const AS_STEPS = { x: 'ns', y: 'value', curve: 'step-before' } as const

/** What stands out is drawn last. */
function rank({ name, isBound }: ComparedPolicy, looks: Looks): number {
  return isBound ? 0 : looks.get(name)!.width
}

/** Means over parts of the time, as points of a line in steps. */
function steps(timeline: readonly { readonly endNs: number; readonly coverage: number }[]): { ns: number; value: number }[] {
  const points = timeline.map(({ endNs, coverage }) => ({ ns: endNs, value: coverage }))
  return points.length === 0 ? [] : [{ ns: 0, value: points[0].value }, ...points]
}

/** What each policy loses against the ideal, a panel each on one scale, with `versus` behind: where many nearly coincide. */
export function lostFigure(result: CompareResult, looks: Looks): Markup {
  const policies = runnable(result)
  const lost = new Map(
    policies.map(({ name, timeline }) => [name, timeline.map(({ coverage }, at) => lostAt(result, at, coverage))]),
  )
  const axis = shareAxis([...lost.values()].flat(), 4)
  const points = (name: string) =>
    steps(
      (lost.get(name) ?? []).map((coverage, at) => ({ endNs: result.ideal.timeline[at].endNs, coverage: axis.place(coverage) })),
    )
  return html`<div class="multiples">${policies.map((policy) => {
    const { name, coverageLost, isOnFront } = policy
    const { colour } = looks.get(name)!
    const isVersus = name === result.versus
    const svg = drawing(`Coverage that ${name} loses over time: ${percent(coverageLost)} on average`, {
      ...{ width: 260, height: 150, marginLeft: 66, marginRight: 10, marginTop: 8, marginBottom: 22 },
      x: timeScale(result.simulatedNs, 3),
      y: { ...axis.scale, grid: true, tickSize: 0 },
      marks: [
        isVersus
          ? null
          : Plot.line(points(result.versus), { ...AS_STEPS, stroke: 'var(--versus)', strokeWidth: 0.9, strokeDasharray: '2 2' }),
        Plot.line(points(name), {
          ...AS_STEPS,
          stroke: isVersus || looks.get(name)!.isNamed ? colour : 'var(--ink-2)',
          strokeWidth: 1.7,
        }),
      ],
    })
    const title = isVersus ? html`<b>${name}</b>` : html`${name}`
    return html`<figure><figcaption><span>${title}${isOnFront && html` <span class="front">★</span>`}</span> <span class="mean">${percent(coverageLost)}</span></figcaption>${svg}</figure>`
  })}</div>`
}

function lostAt({ ideal }: CompareResult, at: number, coverage: number): number {
  return Math.max(0, (ideal.timeline[at]?.coverage ?? coverage) - coverage)
}
