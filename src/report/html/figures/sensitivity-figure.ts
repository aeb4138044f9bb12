import * as Plot from '@observablehq/plot'
import type { CompareResult, Sensitivity } from '../../../lab/index.ts'
import { COUNTED_WORDS } from '../../words/figures.ts'
import { digits } from '../../words/format.ts'
import { bestOther, versusOf } from '../../words/standing.ts'
import { html, type Markup } from '../markup.ts'
import { durationAxis, shareAxis } from './axes.ts'
import { drawing } from './drawing.ts'
import { lineLegend } from './legend.ts'
import type { Looks } from './looks.ts'

const SWEPT = ['coverageLost', 'cpuNs', 'stallNsMax'] as const
type Swept = (typeof SWEPT)[number]

/** How far each assumed parameter moves the figures of `versus` and of the best other policy, the one that moves them most on top. */
export function sensitivityFigure(result: CompareResult, sensitivity: Sensitivity, looks: Looks): Markup {
  const names = [versusOf(result), bestOther(result)].flatMap((policy) => (policy === undefined ? [] : [policy.name]))
  const legend = lineLegend(names.map((name) => ({ name, look: { ...looks.get(name)!, dash: '' } })))
  const panels = SWEPT.map((figure) => {
    const svg = panel(result, sensitivity, figure, names, looks)
    return html`<figure><figcaption>${capital(COUNTED_WORDS[figure].name)}</figcaption>${svg}</figure>`
  })
  return html`${legend}<div class="pair">${panels}</div>`
}

function capital(words: string): string {
  return words[0].toUpperCase() + words.slice(1)
}

interface End {
  readonly row: string
  readonly low: number
  readonly high: number
  readonly colour: string
  readonly shift: number
}

function panel(result: CompareResult, { cases }: Sensitivity, figure: Swept, names: readonly string[], looks: Looks): Markup {
  const ends = cases.flatMap(({ parameter, policies }) =>
    names.flatMap((name, at): End[] => {
      const swept = policies.find(({ policy }) => policy === name)
      const shift = (at - (names.length - 1) / 2) * 9
      return swept === undefined
        ? []
        : [{ row: parameter, low: swept[figure][0], high: swept[figure][1], colour: looks.get(name)!.colour, shift }]
    }),
  )
  const bases = names.flatMap((name) => result.policies.filter((policy) => policy.name === name))
  const axis = (figure === 'coverageLost' ? shareAxis : durationAxis)([
    ...ends.flatMap(({ low, high }) => [low, high]),
    ...bases.map((policy) => policy[figure]),
  ])
  const span = (row: string) =>
    Math.max(0, ...ends.filter((end) => end.row === row).map(({ low, high }) => Math.abs(axis.place(high) - axis.place(low))))
  const rows = cases.map(({ parameter }) => parameter).sort((a, b) => span(b) - span(a))
  const { write, name } = COUNTED_WORDS[figure]
  const at = (value: number) => axis.place(value)
  return drawing(`${name}: ${ends.map(({ row, low, high }) => `${row} from ${write(low)} to ${write(high)}`).join('; ')}`, {
    height: 46 + 36 * rows.length,
    ...{
      marginLeft: 12 + Math.max(60, ...cases.map((own) => 6.4 * Math.max(own.parameter.length, range(own).length))),
      marginRight: 20,
      marginTop: 8,
    },
    x: { ...axis.scale, grid: true, tickSize: 4, inset: 6 },
    y: { type: 'band', domain: rows, label: null, tickSize: 0, axis: null, padding: 0.25 },
    marks: [
      Plot.text(cases, {
        y: 'parameter',
        text: 'parameter',
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -10,
        dy: -6,
        fill: 'var(--ink)',
      }),
      Plot.text(cases, { y: 'parameter', text: range, frameAnchor: 'left', textAnchor: 'end', dx: -10, dy: 8, fontSize: 10 }),
      ...bases.map((policy) =>
        Plot.ruleX([at(policy[figure])], { stroke: looks.get(policy.name)!.colour, strokeWidth: 1, strokeDasharray: '2 3' }),
      ),
      ...ends.flatMap((end) => dumbbell(end, at)),
    ],
  })
}

/** A bar between the values at the ends of the range; hollow: the lower end. */
function dumbbell({ row, low, high, colour, shift }: End, at: (value: number) => number): Plot.Markish[] {
  const place = { y: () => row, dy: shift }
  return [
    Plot.ruleY([row], { ...place, x1: at(low), x2: at(high), stroke: colour, strokeWidth: 3 }),
    Plot.dot([row], { ...place, x: () => at(low), r: 3.6, stroke: colour, strokeWidth: 1.6, fill: 'var(--paper)' }),
    Plot.dot([row], { ...place, x: () => at(high), r: 3.6, stroke: colour, strokeWidth: 1.6, fill: colour }),
  ]
}

function range({ low, value, high, unit }: Sensitivity['cases'][number]): string {
  return `${amount(low)} … ${amount(value)} … ${amount(high)}${unit === '' ? '' : ` ${unit}`}`
}

/** A parameter's value with thousands apart. */
function amount(value: number): string {
  return Math.abs(value) >= 1000 ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ') : digits(value)
}
