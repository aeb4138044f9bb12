import { html, type Markup } from './markup.ts'

/** One HTML file that needs nothing else: no network and no script; for screens wide and narrow, light and dark, and for paper. */
export function page(title: string, style: Markup, body: Markup): string {
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="rmpopt">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>`.text
  }
`
}

export function section(title: string, lead: string, content: Markup): Markup {
  return html`<section><h2>${title}</h2>${lead !== '' && html`<p class="hint">${lead}</p>`}${content}</section>`
}
