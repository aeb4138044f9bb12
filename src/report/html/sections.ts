import type { CompareResult } from '../../lab/index.ts'
import { count, digits, duration, memory, percent, plural, roundPercent } from '../words/format.ts'
import type { Looks } from './figures/looks.ts'
import { sensitivityFigure } from './figures/sensitivity-figure.ts'
import { html, type Markup } from './markup.ts'

/** On what it was asked: hosts, guests, where their memory lies, for how long. */
export function settingLine(result: CompareResult): Markup {
  const { host, hosts, vms, snpShare, placement, backing, simulatedNs, trace, seed, seeds } = result
  const machine = `${memory(host.memoryBytes)}, ${plural(host.cores, 'core')}, ${plural(host.logicalCpus, 'CPU')}`
  const facts = [
    `${count(hosts)} × ${host.name} (${machine}${hosts === 1 ? '' : ' each'})`,
    duration(simulatedNs),
    `${plural(vms.placed, 'VM')}, ${count(vms.snp)} of them SNP guests (share asked for: ${roundPercent(snpShare)})`,
    `placement ${placement}, backing ${backing}`,
    `trace: ${trace}`,
    seeds === 0 ? `seed ${seed}` : `seed ${seed} and ${count(seeds)} more`,
  ]
  const left = [
    vms.rejected > 0 && `${plural(vms.rejected, 'VM')} of ${count(vms.requested)} rejected: no host had room`,
    vms.failed > 0 && `${plural(vms.failed, 'VM')} ended too soon to start`,
    vms.skippedRows > 0 && `${plural(vms.skippedRows, 'bad row')} of the trace left out`,
  ].filter((note) => note !== false)
  return html`<ul class="setting">${[...facts, ...left].map((fact) => html`<li>${fact}</li>`)}</ul>`
}

/** What stands in the way of every policy. */
export function blockedSection({ blockedRegions: blocked, host }: CompareResult): Markup {
  const rows: readonly [string, number][] = [
    ['by at most 16 pages', blocked.upTo16Pages],
    ['by 17 to 512 pages', blocked.upTo512Pages],
    ['by 513 pages to 128 MiB', blocked.upTo32768Pages],
    ['by more', blocked.more],
  ]
  const total = rows.reduce((sum, [, regions]) => sum + regions, 0)
  const regions = host.memoryBytes / 2 ** 30
  const most = Math.max(...rows.map(([, value]) => value), Number.MIN_VALUE)
  return html`<figcaption>What stands in the way of every policy</figcaption>
<p>On average ${gibs(total)} of a host’s ${gibs(regions)} regions of 1 GiB cannot be optimised, because pages in them are assigned:</p>
<table class="bars"><tbody>${rows.map(
    ([words, value]) =>
      html`<tr><th scope="row">${words}</th><td>${gibs(value)}</td><td><i style="width:${((value / most) * 100).toFixed(1)}%"></i></td></tr>`,
  )}</tbody></table>
<p>RMP and firmware alone hold ${gibs(blocked.byPlatformOnly)} of them, guests’ context and VMSA pages alone ${gibs(blocked.byKernelPagesOnly)} more.${
    blocked.beyondReach > 0 && html` Besides, ${gibs(blocked.beyondReach)} lie beyond the reach of a table.`
  }</p>`
}

function gibs(regions: number): string {
  return regions > 0 && regions < 0.005 ? '< 0.01' : regions >= 1000 ? count(regions) : digits(regions)
}

/** What was assumed, area by area. */
export function assumptionsSection({ assumptions }: CompareResult): Markup {
  return html`${assumptions.map(
    ({
      area,
      assumptions: own,
    }) => html`<details><summary>${area} <span class="count">${plural(own.length, 'assumption')}</span></summary>
<div class="scroll"><table class="assumptions"><thead><tr><th scope="col">Name</th><th scope="col">Assumed</th><th scope="col">Why, and what else could be</th><th scope="col">Source</th></tr></thead>
<tbody>${own.map(
      ({ name, value, why, source, option }) =>
        html`<tr><th scope="row">${option ? html`<code>${name}</code>` : name}</th><td>${value}</td><td>${why}</td><td>${source}</td></tr>`,
    )}</tbody></table></div></details>
`,
  )}<p class="hint">Names in <code>this type</code> are fields of a scenario file: they can be changed, and the question asked again.</p>`
}

/** What the answer owes to what nobody has measured. */
export function sensitivitySection(result: CompareResult, looks: Looks): Markup {
  const { sensitivity } = result
  if (sensitivity === undefined) {
    return html`<p>Assumed parameters were not swept over their ranges: how much the answer depends on them is not known from this run.</p>`
  }
  const { conclusions, cases } = sensitivity
  return html`<ul class="conclusions">${conclusions.map(
    ({ sentence, survives, failsAt }) =>
      html`<li class="${survives ? 'survives' : 'fails'}"><span class="verdict">${survives ? '✓ survives' : '✗ fails'}</span> <span>${sentence}${
        !survives && failsAt.length > 0 && html` <span class="at">at ${failsAt.join('; ')}</span>`
      }</span></li>`,
  )}</ul>
${
  cases.length > 0 &&
  html`<p class="hint">Each bar: the figure as one parameter goes from the lower (○) to the upper end (●) of its assumed range, all others as they are.
Dotted: the figure as assumed.</p>${sensitivityFigure(result, sensitivity, looks)}`
}`
}

/** What policies are, and what columns and figures mean. */
export function readingSection({ policies, schema, command }: CompareResult): Markup {
  return html`<details><summary>The policies <span class="count">${count(policies.length)}</span></summary>
<dl class="policy-list">${policies.map(({ name, summary, when, what, who }) => {
    const how = [when, what, who].filter((part) => part !== '').join(' · ')
    return html`<dt>${name}</dt><dd>${summary}${how !== '' && html`<span class="how">${how}</span>`}</dd>`
  })}</dl></details>
<details><summary>Words and figures</summary><dl>${WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl></details>
<p>This report was made from one document (schema <code>${schema}</code>), which this command makes again, byte for byte:</p>
<pre><code>${command}</code></pre>`
}

const WORDS: readonly [string, string][] = [
  [
    'Region',
    '1 GiB of physical memory: what RMPOPT optimises at once. It can only where no page of the region is assigned to an SNP guest or to firmware.',
  ],
  [
    'Coverage',
    'Optimised bytes as a share of the bytes that hypervisor and ordinary guests own; mean over cores, hosts and time, from SNP enable on.',
  ],
  [
    'Ideal',
    'Every eligible region optimised at once, free of charge: a bound, no policy. Coverage lost is the ideal less the coverage reached.',
  ],
  [
    'Checks skipped',
    'Coverage weighted by where hypervisor and ordinary guests write: the share of RMP checks that are not made.',
  ],
  [
    'CPU time',
    'Of all CPUs together: executing RMPOPT, sending, taking and awaiting interrupts for it; and as a share of all CPU time of the hosts.',
  ],
  ['Worst interruption', 'The longest time that one CPU was kept from its other work at a stretch.'],
  ['IPIs', 'Interrupts sent from one CPU to another to have RMPOPT executed there.'],
  [
    'Delay',
    'From a region becoming eligible again to it being optimised on the last core. Never: it was assigned again before, or the run ended.',
  ],
  ['Memory kept', 'What the kernel keeps for the policy’s own bookkeeping.'],
  [
    '★ Pareto front',
    'No other policy here is at least as good in coverage lost, CPU time, worst interruption and memory kept, and better in one.',
  ],
  [
    'Small print in the table',
    'How a figure stands to that of the highlighted policy: pp are percentage points, × 3 is three times as much, ÷ 3 a third; bold is better. Over several seeds also the range: least to most, or how far these lie from the figure.',
  ],
]

/** A share of coverage for the heading of a section. */
export function possible({ ideal }: CompareResult): string {
  return percent(ideal.coverageMean)
}
