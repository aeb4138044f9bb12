import { moment, roundPercent } from '../words/format.ts'
import { timeTicks } from '../words/time-ticks.ts'

/** A line of a plot: fractions, each the mean over one of equal parts of the time. */
export interface PlotLine {
  readonly values: readonly number[]
  /** Every other dot only, so that it can be told apart without colours. */
  readonly dotted?: boolean
  readonly paint?: (text: string) => string
}

/**
 * Fractions over time, drawn with braille dots: `rows` lines of plot and two of time axis. The first line of a plot lies on top.
 * @param width columns, labels included
 */
export function plot(lines: readonly PlotLine[], options: { width: number; rows: number; endNs: number }): string[] {
  const { width, rows, endNs } = options
  const scale = scaleFor(lines.flatMap(({ values }) => values))
  const labels = new Map(
    [0, 0.5, 1].map((part) => [Math.round(part * (rows - 1)), roundPercent(scale.high - part * (scale.high - scale.low))]),
  )
  const margin = Math.max(...[...labels.values()].map((label) => label.length))
  const columns = width - margin - 2
  const canvas = new Canvas(columns, rows)
  for (const [index, { values, dotted }] of lines.entries()) {
    draw(
      canvas,
      index,
      values.map((value) => (scale.high - value) / (scale.high - scale.low)),
      dotted === true,
    )
  }
  const body = Array.from({ length: rows }, (_, row) => {
    const label = labels.get(row)
    const text = canvas.row(row, (line, cells) => lines[line].paint?.(cells) ?? cells)
    return `${(label ?? '').padStart(margin)} ${label === undefined ? '│' : '┤'}${text}`.trimEnd()
  })
  return [...body, ...timeAxis(columns, endNs).map((line) => ' '.repeat(margin + 1) + line)]
}

/** Round numbers around all values: two equal steps from `low` to `high`. */
function scaleFor(values: readonly number[]): { low: number; high: number } {
  const [min, max] = [Math.min(...values, 1), Math.max(...values, 0)]
  if (max === 0) return { low: 0, high: 1 }
  for (const step of STEPS) {
    const low = Math.min(Math.floor(min / step + TOLERANCE) * step, 1 - 2 * step)
    if (low >= 0 && max <= low + 2 * step + TOLERANCE) return { low, high: low + 2 * step }
  }
  return { low: 0, high: 1 }
}

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25]
const TOLERANCE = 1e-9

/** @param heights one for each part of the time: 0 at the top, 1 at the bottom */
function draw(canvas: Canvas, line: number, heights: readonly number[], dotted: boolean): void {
  let before: number | undefined
  for (let x = 0; x < canvas.width && heights.length > 0; x++) {
    const y = Math.round(heights[Math.floor((x * heights.length) / canvas.width)] * (canvas.height - 1))
    // What jumps is joined, from the dot before.
    const [from, to] = before === undefined ? [y, y] : y > before ? [before + 1, y] : y < before ? [y, before - 1] : [y, y]
    for (let at = from; at <= to; at++) if (!dotted || (from === to ? x % 2 === 0 : at % 2 === 0)) canvas.dot(x, at, line)
    before = y
  }
}

/** Rows of braille characters, of two by four dots each. */
class Canvas {
  readonly width: number
  readonly height: number
  readonly #columns: number
  readonly #bits: Uint8Array
  readonly #owner: Uint8Array

  constructor(columns: number, rows: number) {
    this.width = columns * 2
    this.height = rows * 4
    this.#columns = columns
    this.#bits = new Uint8Array(columns * rows)
    this.#owner = new Uint8Array(columns * rows)
  }

  dot(x: number, y: number, line: number): void {
    const cell = (y >> 2) * this.#columns + (x >> 1)
    if (this.#bits[cell] === 0) this.#owner[cell] = line
    this.#bits[cell] |= BRAILLE[y & 3][x & 1]
  }

  /** A row as text, cells of one line painted together. */
  row(row: number, paint: (line: number, cells: string) => string): string {
    const start = row * this.#columns
    let text = ''
    for (let at = start; at < start + this.#columns; ) {
      const line = this.#owner[at]
      let cells = ''
      let drawn = false
      for (; at < start + this.#columns && (this.#owner[at] === line || this.#bits[at] === 0); at++) {
        drawn ||= this.#bits[at] !== 0
        cells += this.#bits[at] === 0 ? ' ' : String.fromCharCode(BRAILLE_BLANK + this.#bits[at])
      }
      if (drawn) text += paint(line, cells.trimEnd()) + cells.slice(cells.trimEnd().length)
    }
    return text
  }
}

const BRAILLE_BLANK = 0x2800
/** The bit of each dot of a character, by row and column. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

/** The axis itself, and the moments under it. */
function timeAxis(columns: number, endNs: number): [string, string] {
  const axis = ['└', ...'─'.repeat(columns)]
  let labels = ''
  for (const ns of timeTicks(endNs, columns / LABEL_COLUMNS)) {
    const label = moment(ns)
    const at = Math.round((ns / endNs) * columns)
    axis[at] = ns === 0 ? '└' : '┴'
    const start = ns === 0 ? 0 : Math.min(at - Math.floor(label.length / 2), columns + 1 - label.length)
    if (start === 0 || start > labels.length) labels = labels.padEnd(start) + label
  }
  return [axis.join(''), labels]
}

const LABEL_COLUMNS = 9
