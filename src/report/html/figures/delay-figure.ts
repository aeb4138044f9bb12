import * as Plot from '@observablehq/plot'
import type { ComparedPolicy, CompareResult } from '../../../lab/index.ts'
import { duration, percent, roundPercent } from '../../words/format.ts'
import { runnable } from '../../words/standing.ts'
import { html, type Markup } from '../markup.ts'
import { durationAxis, type LogAxis } from './axes.ts'
import { drawing } from './drawing.ts'
import { lineLegend } from './legend.ts'
import type { Look, Looks } from './looks.ts'

/** How long freed regions wait: which share has been optimised after how long, and each policy's median, p99 and longest wait. */
export function delayFigure(result: CompareResult, looks: Looks): Markup {
  const waiting = runnable(result).filter(({ delayNs }) => delayNs.count > 0)
  if (waiting.length === 0)
    return html`<p class="nothing">No region was optimised again under any policy: there are no delays to show.</p>`
  const curves = waiting.map((policy) => ({ policy, points: cumulative(policy) }))
  const axis = durationAxis(
    curves.flatMap(({ points, policy }) => [...points.map(({ ns }) => ns), policy.delayNs.max ?? 1].filter((ns) => ns > 0)),
  )
  return html`<div class="pair">
<figure><figcaption>Share of freed regions optimised after at most …</figcaption>${shares(curves, axis, looks)}</figure>
<figure><figcaption>Median ●, 99th percentile | and longest wait ▸; share that was never optimised</figcaption>${spans(runnable(result), axis, looks, result.versus)}</figure>
</div>`
}

interface Curve {
  readonly policy: ComparedPolicy
  readonly points: readonly { readonly ns: number; readonly share: number }[]
}

/** Of all freed regions, also those that never were optimised, the share up to each class; without the empty ends. */
function cumulative({ delayHistogram, delayNs: { count, neverCount, max } }: ComparedPolicy): Curve['points'] {
  let sum = 0
  const points = delayHistogram.map((bin) => ({
    ns: Number.isFinite(bin.upToNs) ? bin.upToNs : (max ?? 0),
    share: (sum += bin.count) / Math.max(1, count + neverCount),
  }))
  const first = points.findIndex(({ share }) => share > VISIBLE)
  const last = points.findIndex(({ share }) => share === points[points.length - 1].share)
  return points.slice(Math.max(0, first - 1), last + 1).filter(({ ns }) => ns > 0)
}

/** A share too small to see. */
const VISIBLE = 0.001

function shares(curves: readonly Curve[], axis: LogAxis, looks: Looks): Markup {
  const ordered = [...curves].sort((a, b) => lookOf(a).width - lookOf(b).width)
  const end = axis.scale.domain[1]
  const svg = drawing(`Share of freed regions optimised, by delay: ${curves.map(({ policy }) => sentence(policy)).join('; ')}`, {
    height: 320,
    marginLeft: 48,
    marginRight: 16,
    x: { ...axis.scale, tickSize: 4 },
    y: { domain: [0, 1], grid: true, tickFormat: roundPercent, label: null, tickSize: 0, ticks: 5 },
    marks: [
      ...ordered.map((curve) => {
        const { colour, dash, width } = lookOf(curve)
        const points = [
          ...curve.points.map(({ ns, share }) => ({ at: axis.place(ns), share })),
          { at: end, share: curve.points[curve.points.length - 1].share },
        ]
        return Plot.line(points, { x: 'at', y: 'share', stroke: colour, strokeDasharray: dash, strokeWidth: width })
      }),
      Plot.ruleY([0], { stroke: 'var(--ink-3)' }),
    ],
  })
  const named = curves.filter((curve) => lookOf(curve).isNamed).map(({ policy: { name } }) => ({ name, look: looks.get(name)! }))
  const others = curves.find((curve) => !lookOf(curve).isNamed)
  return html`${lineLegend([...named, ...(others === undefined ? [] : [{ name: 'others', look: lookOf(others) }])])}${svg}`

  function lookOf({ policy }: Curve): Look {
    return looks.get(policy.name)!
  }
}

function spans(policies: readonly ComparedPolicy[], axis: LogAxis, looks: Looks, versus: string): Markup {
  const rows = policies.map((policy) => ({ ...policy, ...policy.delayNs, colour: colourOf(policy.name) }))
  const waited = rows.filter(({ count }) => count > 0)
  const right = axis.scale.domain[1]
  const at = (ns: number | null) => axis.place(ns ?? 0)
  return drawing(`Delays of each policy: ${policies.map(sentence).join('; ')}`, {
    height: 50 + 20 * policies.length,
    ...{ marginLeft: 8 + Math.max(40, ...policies.map(({ name }) => 7.2 * name.length)), marginRight: 74, marginTop: 20 },
    x: { ...axis.scale, tickSize: 4, grid: true },
    y: { type: 'band', domain: policies.map(({ name }) => name), label: null, tickSize: 0, padding: 0.2 },
    marks: [
      Plot.ruleY(waited, { y: 'name', x1: ({ p50 }) => at(p50), x2: ({ max }) => at(max), stroke: 'colour', strokeWidth: 1.4 }),
      Plot.dot(waited, { y: 'name', x: ({ p50 }) => at(p50), fill: 'colour', r: 4.5 }),
      Plot.tickX(waited, { y: 'name', x: ({ p99 }) => at(p99), stroke: 'colour', strokeWidth: 2.4, insetTop: 1, insetBottom: 1 }),
      Plot.text(waited, {
        y: 'name',
        x: ({ max }) => at(max),
        text: () => '▸',
        fill: 'colour',
        textAnchor: 'end',
        dx: 3,
        fontSize: 11,
      }),
      Plot.text(rows, { y: 'name', x: () => right, text: never, textAnchor: 'end', dx: 68, fill: 'var(--ink-2)' }),
      Plot.text(['never'], { frameAnchor: 'top-right', dx: 68, dy: -14, fill: 'var(--ink-2)', fontStyle: 'italic' }),
    ],
  })

  function colourOf(name: string): string {
    return name === versus || looks.get(name)!.isNamed ? looks.get(name)!.colour : 'var(--ink-2)'
  }
}

function never({ delayNs: { count, neverCount } }: ComparedPolicy): string {
  return count + neverCount === 0 ? 'none freed' : percent(neverCount / (count + neverCount))
}

function sentence(policy: ComparedPolicy): string {
  const { p50, p99 } = policy.delayNs
  if (p50 === null || p99 === null) return `${policy.name} none`
  return `${policy.name} median ${duration(p50)}, p99 ${duration(p99)}, never ${never(policy)}`
}
