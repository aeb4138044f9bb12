import * as Plot from '@observablehq/plot'
import type { ComparedPolicy, CompareResult } from '../../../lab/index.ts'
import { COUNTED_WORDS } from '../../words/figures.ts'
import { runnable } from '../../words/standing.ts'
import { html, type Markup } from '../markup.ts'
import { durationAxis, type LogAxis, shareAxis } from './axes.ts'
import { drawing } from './drawing.ts'
import type { Looks } from './looks.ts'
import { named } from './point-names.ts'

/** What coverage costs: CPU time, and the worst interruption, each against coverage lost. Down and to the left is better. */
export function costFigure(result: CompareResult, looks: Looks): Markup {
  const policies = runnable(result)
  if (policies.length === 0) return html`<p class="nothing">There is no policy to place: only bounds were run.</p>`
  return html`<div class="pair">
<figure><figcaption>Coverage lost, against CPU time of all passes</figcaption>${panel(policies, 'cpuNs', looks, result.versus)}</figure>
<figure><figcaption>Coverage lost, against the worst interruption of a CPU</figcaption>${panel(policies, 'stallNsMax', looks, result.versus)}</figure>
</div>`
}

type Cost = 'cpuNs' | 'stallNsMax'

function panel(policies: readonly ComparedPolicy[], cost: Cost, looks: Looks, versus: string): Markup {
  const points = policies.map((policy) => ({ ...policy, cost: policy[cost], ...looks.get(policy.name)! }))
  const x = durationAxis(points.flatMap(({ cost: own, range }) => [own, ...(range?.[cost] ?? [])]))
  const y = shareAxis(points.flatMap(({ coverageLost, range }) => [coverageLost, ...(range?.coverageLost ?? [])]))
  const placed = points.map((point) => ({
    ...point,
    x: x.place(point.cost),
    y: y.place(point.coverageLost),
    text: point.name,
    isBold: point.name === versus,
    fill: point.isOnFront ? point.colour : 'var(--paper)',
  }))
  const stairs = staircase(placed)
  const { name, write } = COUNTED_WORDS[cost]
  const facts = points.map(
    (point) => `${point.name} ${write(point.cost)}, ${COUNTED_WORDS.coverageLost.write(point.coverageLost)}`,
  )
  return drawing(`${name} and coverage lost: ${facts.join('; ')}`, {
    height: 380,
    ...{ marginLeft: 66, marginRight: 24, marginTop: 24, marginBottom: 36 },
    x: { ...x.scale, grid: true, tickSize: 0, inset: 14 },
    y: { ...y.scale, grid: true, tickSize: 0, inset: 14 },
    marks: [
      Plot.line(stairs, {
        x: 'x',
        y: 'y',
        curve: 'step-after',
        stroke: 'var(--ink-3)',
        strokeWidth: 1.2,
        strokeDasharray: '3 3',
      }),
      ...whiskers(placed, cost, x, y),
      Plot.dot(placed, {
        x: 'x',
        y: 'y',
        r: 4.6,
        symbol: 'symbol',
        stroke: 'colour',
        strokeWidth: 1.8,
        fill: 'fill',
        title: 'name',
      }),
      named(placed, stairs),
    ],
    symbol: { type: 'identity' },
  } as Plot.PlotOptions)
}

/** The best of the two figures shown: none further down is further left. */
function staircase<Point extends { readonly x: number; readonly y: number }>(points: readonly Point[]): Point[] {
  let least = Infinity
  return [...points].sort((a, b) => a.x - b.x || a.y - b.y).filter(({ y }) => y < least && (least = y) === y)
}

type Ranged = Pick<ComparedPolicy, 'range'> & { readonly x: number; readonly y: number }

/** Least and most of several seeds. */
function whiskers(points: readonly Ranged[], cost: Cost, x: LogAxis, y: LogAxis): Plot.Markish[] {
  const style = { stroke: 'var(--ink-3)', strokeWidth: 1 }
  const ranged = points.flatMap(({ range, ...point }) =>
    range === undefined ? [] : [{ ...point, across: range[cost], along: range.coverageLost }],
  )
  if (ranged.length === 0) return []
  return [
    Plot.ruleY(ranged, { y: 'y', x1: ({ across }) => x.place(across[0]), x2: ({ across }) => x.place(across[1]), ...style }),
    Plot.ruleX(ranged, { x: 'x', y1: ({ along }) => y.place(along[0]), y2: ({ along }) => y.place(along[1]), ...style }),
  ]
}
