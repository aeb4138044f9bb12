import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { Markup } from '../markup.ts'

/** As wide as a panel is drawn: about as wide as it is shown, so that text keeps its size. */
export const PANEL_WIDTH = 520

/**
 * A plot as static SVG: no style sheet of its own, no sizes but the view box, numbers to a tenth.
 * @param label what it shows, for who cannot see it
 */
export function drawing(label: string, options: Plot.PlotOptions): Markup {
  const svg: Drawn = Plot.plot({ width: PANEL_WIDTH, className: 'plot', ...options, document: document as never })
  svg.querySelector('style')?.remove()
  for (const name of ['width', 'height', 'font-family']) svg.removeAttribute(name)
  svg.setAttribute('font-size', '12')
  svg.setAttribute('role', 'img')
  // linkedom escapes quotes in attributes, not ampersands.
  svg.setAttribute('aria-label', label.replaceAll('&', '&amp;'))
  return new Markup(svg.outerHTML.replace(GEOMETRY, (attribute) => attribute.replace(LONG_NUMBER, rounded)))
}

/** What is used of a DOM node; the library's own types want those of a browser. */
interface Drawn {
  readonly outerHTML: string
  querySelector(selector: string): { remove(): void } | null
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
}

const { document } = parseHTML('<!doctype html><html><body></body></html>')

const GEOMETRY = / (?:d|transform|points|viewBox|x|y|x1|y1|x2|y2|r|width|height)="[^"]*"/g
const LONG_NUMBER = /-?\d*\.\d{2,}(?:e-?\d+)?/g

function rounded(digits: string): string {
  return String(Math.round(Number(digits) * 10) / 10)
}
