import type { CompareResult, RegionTimeMap } from '../../../lab/index.ts'
import { memory } from '../../words/format.ts'
import { bestOther, versusOf } from '../../words/standing.ts'
import { html, type Markup } from '../markup.ts'
import { timeScale } from './axes.ts'
import { drawing, PANEL_WIDTH } from './drawing.ts'
import { areaLegend } from './legend.ts'
import { aggregated, CELLS, type Cell } from './map-cells.ts'

/** What became of the regions of one host, under `versus` and under the best other policy. */
export function mapFigure(result: CompareResult): Markup {
  const { map } = result
  const names = [versusOf(result), bestOther(result)].flatMap((policy) => (policy === undefined ? [] : [policy.name]))
  const shown = names.flatMap((name) => map.policies.filter(({ policy, rows }) => policy === name && rows.length > 0))
  if (shown.length === 0 || map.atNs.length === 0) return html`<p class="nothing">No host was looked at region by region.</p>`
  const all = shown.map(({ policy, rows }) => ({ policy, grid: aggregated(rows, ROWS_MAX) }))
  const used = new Set(all.flatMap(({ grid }) => grid.cells.flat()))
  const gathers = all.some(({ grid }) => grid.regionsPerRow > 1)
  const legend = areaLegend(
    CELLS.filter(({ cell }) => used.has(cell)).map(({ cell, ofOne, ofSeveral }) => ({
      name: gathers ? ofSeveral : ofOne,
      className: `cell-${cell}`,
    })),
  )
  const lead = `Host ${map.hostIndex}: addresses upwards, time to the right${gathers ? `; a row gathers ${all[0].grid.regionsPerRow} regions` : ''}.`
  return html`<p class="hint">${lead}</p>${legend}<div class="pair">${all.map(
    ({ policy, grid }) =>
      html`<figure><figcaption>${policy}</figcaption>${panel(policy, grid.cells, grid.regionsPerRow, result.simulatedNs, map)}</figure>`,
  )}</div>`
}

/** Rows of a panel: more cannot be told apart. */
const ROWS_MAX = 128

function panel(
  policy: string,
  cells: readonly (readonly Cell[])[],
  regionsPerRow: number,
  endNs: number,
  map: RegionTimeMap,
): Markup {
  const rowBytes = regionsPerRow * map.regionBytes
  const rows = cells[0].length
  const total = Math.min(rows * rowBytes, Math.max(...map.policies.map((own) => own.rows[0]?.length ?? 0)) * map.regionBytes)
  const height = Math.max(120, Math.min(384, rows * 12))
  const margins = { marginLeft: 64, marginRight: 8, marginTop: 8, marginBottom: 24 }
  const right = PANEL_WIDTH - margins.marginRight
  const [wide, high] = [right - margins.marginLeft, height]
  return drawing(`Regions of host ${map.hostIndex} over time under ${policy}, lowest address at the bottom`, {
    height: height + margins.marginTop + margins.marginBottom,
    ...margins,
    x: timeScale(endNs),
    y: {
      domain: [0, rows * rowBytes],
      ticks: addressTicks(total),
      tickFormat: (bytes: number) => (bytes === 0 ? '0' : memory(bytes)),
      label: null,
      tickSize: 4,
    },
    marks: [
      (_index, _scales, _values, _dimensions, { document }) => {
        const nodes = document as unknown as { createElementNS(namespace: string, name: string): Path }
        const layer = nodes.createElementNS(SVG, 'g')
        layer.setAttribute('transform', `translate(${margins.marginLeft},${margins.marginTop}) scale(1,${high / rows})`)
        layer.setAttribute('shape-rendering', 'crispEdges')
        for (const { cell } of CELLS) {
          const d = outline(cells, cell, columnEdges(map.atNs, endNs, wide))
          if (d === '') continue
          const path = nodes.createElementNS(SVG, 'path')
          path.setAttribute('class', `cell-${cell}`)
          path.setAttribute('d', d)
          layer.append(path)
        }
        return layer as never
      },
    ],
  })
}

const SVG = 'http://www.w3.org/2000/svg'

interface Path {
  setAttribute(name: string, value: string): void
  append(node: Path): void
}

/** Where each column begins, and the last one ends: half-way between the moments. */
function columnEdges(atNs: readonly number[], endNs: number, width: number): number[] {
  const inner = atNs.slice(1).map((ns, at) => (ns + atNs[at]) / 2)
  return [0, ...inner, endNs].map((ns) => Math.round((ns / endNs) * width * 10) / 10)
}

/** All cells of one kind as one path: neighbours in a row are one rectangle. */
function outline(columns: readonly (readonly Cell[])[], kind: Cell, edges: readonly number[]): string {
  const rows = columns[0].length
  let d = ''
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < columns.length; at++) {
      if (columns[at][row] !== kind) continue
      const start = at
      while (at + 1 < columns.length && columns[at + 1][row] === kind) at++
      const width = Math.round((edges[at + 1] - edges[start]) * 10) / 10
      d += `M${edges[start]},${rows - 1 - row}h${width}v1h${-width}z`
    }
  }
  return d
}

function addressTicks(totalBytes: number): number[] {
  const step = 2 ** Math.ceil(Math.log2(totalBytes / 8))
  return Array.from({ length: Math.floor(totalBytes / step) + 1 }, (_, at) => at * step)
}
