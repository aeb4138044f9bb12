import { html, Markup } from '../markup.ts'
import type { Look } from './looks.ts'

/** What lines mean, beside each other above a figure. */
export function lineLegend(entries: readonly { readonly name: string; readonly look: Look }[]): Markup {
  return html`<ul class="legend">${entries.map(({ name, look }) => html`<li>${swatch(look)}${name}</li>`)}</ul>`
}

function swatch({ colour, dash, width }: Look): Markup {
  const line = `M0,6H30" stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash === '' ? 'none' : dash}`
  return new Markup(`<svg viewBox="0 0 30 12" class="swatch" aria-hidden="true"><path d="${line}" fill="none"/></svg>`)
}

/** What areas mean. */
export function areaLegend(entries: readonly { readonly name: string; readonly className: string }[]): Markup {
  return html`<ul class="legend">${entries.map(({ name, className }) => {
    const box = new Markup(
      `<svg viewBox="0 0 14 12" class="swatch box" aria-hidden="true"><rect class="${className}" width="14" height="12"/></svg>`,
    )
    return html`<li>${box}${name}</li>`
  })}</ul>`
}
