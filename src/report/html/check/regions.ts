import type { Fact } from '../../../lab/index.ts'
import { html, type Markup } from '../markup.ts'
import type { Row } from './rows.ts'

/** Whether a fact is what a region's column shows. */
export function isOfRegion({ of }: Fact): boolean {
  return /^region \d+:$/.test(of)
}

export interface RegionColumn {
  readonly name: string
  /** The cells that begin in a row: 0 is the start, the last the end; `undefined`: the cell above reaches down to it. */
  readonly cells: readonly (Markup | undefined)[]
}

/** Regions that change, or that are not simply full: what each is, from row to row. */
export function regionColumns(start: readonly Fact[], rows: readonly Row[]): RegionColumn[] {
  const cores = start.filter(({ of }) => /^core \d+ table$/.test(of)).length
  const changes = rows.map((row) => row.changes.filter(isOfRegion))
  const known = [...start.filter(isOfRegion), ...changes.flat()]
  const names = [...new Set(known.map(({ of }) => of))].filter((name) => {
    const values = known.filter(({ of }) => of === name)
    return values.length > 1 || stateOf(values[0].now, cores).kind !== 'taken'
  })
  return names.map((name) => {
    const values = [
      start.filter(({ of }) => of === name).map(({ now }) => now),
      ...changes.map((own) => own.filter(({ of }) => of === name).map(({ now }) => now)),
    ]
    const last = values.flat().at(-1)!
    const end = rows.length + 1
    const cells = values.map((own, at) => {
      if (own.length === 0 && at > 0) return undefined
      const next = values.findIndex((later, index) => index > at && later.length > 0)
      return cell(own, cores, (next < 0 ? end : next) - at)
    })
    return { name: name.replace(/:$/, ''), cells: [...cells, cell([last], cores, 1)] }
  })
}

function cell(values: readonly string[], cores: number, span: number): Markup {
  const states = values.map((value) => stateOf(value, cores))
  const now = states.at(-1)
  const briefly = states.slice(0, -1).map(({ kind, words }) => html`<i class="${kind}">${words}</i>`)
  return html`<td class="r ${now?.kind ?? ''}"${span > 1 && html` rowspan="${span}"`}>${briefly}${now?.words}</td>`
}

/** What a region is, as a colour and in words. */
function stateOf(value: string, cores: number): { readonly kind: string; readonly words: string } {
  const [, assigned, on] = /^(\d+) assigned, optimised on (.*)$/.exec(value) ?? []
  if (assigned === undefined) return { kind: '', words: value }
  if (assigned !== '0') return on === 'none' ? { kind: 'taken', words: `${assigned} assigned` } : { kind: 'still', words: value }
  if (on === 'none') return { kind: 'free', words: 'not optimised' }
  return { kind: on.split(',').length === cores ? 'all' : 'some', words: `optimised on ${on}` }
}

/** What the colours mean. */
export const REGION_LEGEND = html`<ul class="legend">${[
  ['all', 'region optimised on every core'],
  ['some', 'on some'],
  ['free', 'free, on none'],
  ['taken', 'has assigned pages'],
  ['still', 'has assigned pages, and is optimised still'],
].map(([kind, words]) => html`<li><span class="swatch box ${kind}"></span>${words}</li>`)}</ul>`
