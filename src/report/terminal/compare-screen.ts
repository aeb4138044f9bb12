import Table from 'cli-table3'
import type { ComparedPolicy, CompareResult } from '../../lab/index.ts'
import { conclusions } from '../words/conclusions.ts'
import { bytes } from '../words/figures.ts'
import { count, duration, memory, percent, plural, unbroken } from '../words/format.ts'
import { type Colours, coloursOf, NO_LINES, type ScreenOptions, wrapped } from './screen.ts'

/** Policies side by side: their figures, then what follows. A narrow terminal is shown the figures that matter most. */
export function compareScreen(result: CompareResult, options: ScreenOptions): string {
  const colours = coloursOf(options)
  const width = Math.max(WIDTH_MIN, Math.min(options.width, WIDTH_MAX))
  const [answer, ...further] = conclusions(result)
  return [
    ...headLines(result, colours, width),
    '',
    ...tableLines(result, colours, width),
    ...wrapped(legend(result), width).map(colours.dim),
    '',
    ...sentenceLines(answer, width).map(colours.bold),
    ...further.flatMap((sentence) => sentenceLines(sentence, width)),
    ...sensitivityLines(result, colours, width),
    '',
  ].join('\n')
}

const WIDTH_MIN = 40
/** As wide as a table is still read without a ruler. */
const WIDTH_MAX = 140

function headLines(result: CompareResult, { bold }: Colours, width: number): string[] {
  const { host, hosts, simulatedNs, trace, vms, placement, backing, seed, seeds } = result
  const machine = `${memory(host.memoryBytes)}, ${plural(host.cores, 'core')}, ${plural(host.logicalCpus, 'CPU')}${hosts === 1 ? '' : ' each'}`
  const guests = `${plural(vms.placed, 'VM')}, ${count(vms.snp)} of them SNP guests; placement ${placement}, backing ${backing}`
  return [
    ...wrapped(
      `${plural(result.policies.length, 'policy', 'policies')}, ${duration(simulatedNs)} on ${count(hosts)} × ${host.name}: ${machine}`,
      width,
    ).map(bold),
    ...wrapped(`${guests}; trace: ${trace}; seed ${seed}${seeds === 0 ? '' : ` and ${count(seeds)} more`}`, width),
  ]
}

/** Broken between words, but not inside figures. */
function sentenceLines(sentence: string, width: number): string[] {
  return wrapped(unbroken(sentence), width).map((line) => line.replaceAll('\u00a0', ' '))
}

interface Column {
  readonly head: string
  readonly cell: (policy: ComparedPolicy) => string
  /** What is left out first where there is no room: the greatest. */
  readonly rank: number
}

const COLUMNS: readonly Column[] = [
  { head: 'coverage', rank: 5, cell: (p) => percent(p.coverageMean) },
  { head: 'of ideal', rank: 8, cell: (p) => percent(p.shareOfIdeal) },
  { head: 'lost', rank: 0, cell: (p) => percent(p.coverageLost) },
  { head: 'checks\nskipped', rank: 10, cell: (p) => percent(p.checksSkipped) },
  { head: 'CPU time', rank: 1, cell: (p) => duration(p.cpuNs) },
  { head: 'of all', rank: 9, cell: (p) => percent(p.cpuShare) },
  { head: 'worst\nstop', rank: 2, cell: (p) => duration(p.stallNsMax) },
  { head: 'IPIs', rank: 11, cell: (p) => count(p.ipis) },
  { head: 'delay\np50', rank: 7, cell: ({ delayNs: { p50 } }) => (p50 === null ? '–' : duration(p50)) },
  { head: 'delay\np99', rank: 3, cell: ({ delayNs: { p99 } }) => (p99 === null ? '–' : duration(p99)) },
  {
    head: 'never',
    rank: 4,
    cell: ({ delayNs: { count: n, neverCount } }) => (n + neverCount === 0 ? '–' : percent(neverCount / (n + neverCount))),
  },
  { head: 'kept', rank: 6, cell: (p) => bytes(p.keptBytes) },
]

const GAP = 2
const MARK = { front: '*', versus: '>' }

function tableLines(result: CompareResult, { bold, dim }: Colours, width: number): string[] {
  const { policies, versus } = result
  const names = policies.map(
    ({ name, isOnFront, isBound }) => `${name === versus ? MARK.versus : isOnFront && !isBound ? MARK.front : ' '} ${name}`,
  )
  const room = width - Math.max(...names.map((name) => name.length))
  const shown = fitting(policies, room)
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', ...shown.map(() => 'right' as const)],
  })
  table.push(['', ...shown.map(({ head }) => ({ content: pad(head), vAlign: 'bottom' as const }))])
  for (const [at, policy] of policies.entries()) {
    const paint = policy.name === versus ? bold : policy.isBound ? dim : String
    table.push([names[at], ...shown.map(({ cell }) => pad(cell(policy)))].map(paint))
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}

function pad(text: string): string {
  return text.replace(/^/gm, ' '.repeat(GAP))
}

/** As many columns as there is room for, those that matter most first. */
function fitting(policies: readonly ComparedPolicy[], room: number): Column[] {
  const widthOf = ({ head, cell }: Column) =>
    GAP +
    Math.max(
      ...head
        .split('\n')
        .concat(policies.map(cell))
        .map((text) => text.length),
    )
  const chosen = new Set<Column>()
  let left = room
  for (const column of [...COLUMNS].sort((a, b) => a.rank - b.rank)) {
    if ((left -= widthOf(column)) < 0) break
    chosen.add(column)
  }
  return COLUMNS.filter((column) => chosen.has(column))
}

function legend({ policies, versus }: CompareResult): string {
  const isOnFront = policies.some((policy) => policy.isOnFront && !policy.isBound && policy.name !== versus)
  const own = policies.find(({ name }) => name === versus)
  const front = 'no other is at least as good in coverage lost, CPU time, worst stop and memory kept'
  return [
    `> held against${own?.isOnFront === true ? ', on the front too' : ''}.`,
    isOnFront ? `* on the front: ${front}.` : '',
    'lost: coverage lost against the ideal; delay: of freed regions.',
  ].join(' ')
}

function sensitivityLines({ sensitivity }: CompareResult, { green, red }: Colours, width: number): string[] {
  if (sensitivity === undefined) return []
  return sensitivity.conclusions.flatMap(({ sentence, survives, failsAt }) => {
    const [first, ...rest] = wrapped(
      `${sentence}${survives || failsAt.length === 0 ? '' : `: not at ${failsAt.join('; ')}`}`,
      width - VERDICT,
    )
    const verdict = survives ? green('survives') : red('fails   ')
    return [`  ${verdict}  ${first}`, ...rest.map((line) => ' '.repeat(VERDICT) + line)]
  })
}

const VERDICT = 12
