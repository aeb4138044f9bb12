import Table from 'cli-table3'
import type { PassAtEnd, PassResult, ScanResult } from '../../lab/index.ts'
import { count, duration, memory, plural } from '../words/format.ts'
import { type Colours, coloursOf, comfortable, type ScreenOptions, wrapped } from './screen.ts'
import { bare } from './tables.ts'

/** One pass, on one screen. */
export function scanScreen(result: ScanResult, options: ScreenOptions): string {
  const colours = coloursOf(options)
  const width = comfortable(options)
  const topics: [name: string, lines: string[]][] = [
    ['Time', timeLines(result)],
    ['Regions', regionLines(result)],
    ['CPUs', cpuLines(result)],
  ]
  return [
    ...headLines(result, colours, width),
    '',
    ...topics.flatMap(([name, lines]) => topic(name, lines, colours, width)),
    ...histogramLines(result, colours, width),
    ...againLines(result, colours),
    ...sensitivityLines(result, colours, width),
    ...seedLines(result, colours),
    '',
  ].join('\n')
}

const INDENT = 9

function topic(name: string, lines: readonly string[], { bold }: Colours, width: number): string[] {
  const all = lines.flatMap((line) => wrapped(line, width - INDENT))
  return all.map((line, index) => (index === 0 ? bold(name) + ' '.repeat(INDENT - name.length) : ' '.repeat(INDENT)) + line)
}

function headLines({ host, options }: ScanResult, { bold }: Colours, width: number): string[] {
  const machine = `${host.name}: ${memory(host.memoryBytes)}, ${plural(host.cores, 'core')}, ${plural(host.logicalCpus, 'CPU')}`
  const { loop, threads, state, guestBytes, backing, placement } = options
  const guests =
    guestBytes.length === 0
      ? ''
      : `; SNP guests of ${guestBytes.map(memory).join(', ')}, backing ${backing}, placement ${placement}`
  const [first, ...rest] = wrapped(`One pass of RMPOPT on ${machine}`, width)
  return [
    bold(first),
    ...rest.map(bold),
    ...wrapped(`loop ${loop}, ${threads === 'all' ? 'all threads' : 'one thread per core'}; state ${state}${guests}`, width),
  ]
}

function timeLines({ wallNs, leaderNs, followersNs }: ScanResult): string[] {
  return [`${duration(wallNs)}: leader ${duration(leaderNs)}, followers ${duration(followersNs)}`]
}

function regionLines({ regions, optimised, assignedRegions, platformRegions }: ScanResult): string[] {
  return [
    `${count(regions)}, ${count(optimised)} of them optimised on every core`,
    `${count(assignedRegions)} hold assigned pages, ${count(platformRegions)} of these the RMP’s own or firmware’s`,
  ]
}

function cpuLines({ participants, perCpuBusyNs, cpuNs, stallNsMax, ipis, rmpopts }: ScanResult): string[] {
  const { p50, p99, max } = perCpuBusyNs
  return [
    `${count(participants)} take part; busy ${duration(p50)} median, ${duration(p99)} p99, ${duration(max)} max; ${duration(cpuNs)} in all`,
    `longest interruption of one CPU ${duration(stallNsMax)}; ${count(ipis)} IPIs, ${count(rmpopts)} RMPOPTs`,
  ]
}

const BAR_COLUMNS = 40

function histogramLines({ busyHistogram }: PassResult, { bold, cyan }: Colours, width: number): string[] {
  const most = Math.max(...busyHistogram.map(({ cpus }) => cpus))
  const room = Math.max(10, Math.min(BAR_COLUMNS, width - 36))
  const lines = busyHistogram.map(({ fromNs, toNs, cpus }) => {
    const bar = '█'.repeat(cpus === 0 ? 0 : Math.max(1, Math.round((cpus / most) * room)))
    return `  ${`${duration(fromNs)} – ${duration(toNs)}`.padEnd(22)} ${cyan(bar)}${cpus === 0 ? '' : ' '}${cpus === 0 ? '' : count(cpus)}`.trimEnd()
  })
  return ['', bold('CPUs by how long they are busy'), ...lines]
}

function againLines({ again }: ScanResult, { bold }: Colours): string[] {
  if (again.length === 0) return []
  const lines = again.map(
    ({ wallNs, leaderNs, followersNs }, at) =>
      `  ${String(at + 2).padStart(3)}  ${duration(wallNs)}: leader ${duration(leaderNs)}, followers ${duration(followersNs)}`,
  )
  return ['', bold('Again'), ...lines]
}

const QUANTITIES = [
  ['wall', 'wallNs'],
  ['leader', 'leaderNs'],
  ['followers', 'followersNs'],
  ['interruption', 'stallNsMax'],
] as const

/** What changes nothing is named last, in a line. */
function sensitivityLines({ sensitivity }: ScanResult, { bold, dim }: Colours, width: number): string[] {
  if (sensitivity === null) return []
  const acts = (one: PassAtEnd, other: PassAtEnd) => QUANTITIES.some(([, time]) => !isAlmost(one[time], other[time]))
  const effective = sensitivity.filter(({ atLow, atHigh }) => acts(atLow, atHigh))
  const idle = sensitivity.filter(({ atLow, atHigh }) => !acts(atLow, atHigh)).map(({ name }) => name)
  const table = new Table({ ...bare, colWidths: [18, 11, 16, 16, 15, 14, 10] })
  table.push(['', 'range', ...QUANTITIES.map(([name]) => name), 'fit'])
  for (const { name, low, high, atLow, atHigh } of effective) {
    table.push([name, `${low}–${high}`, ...QUANTITIES.map(([, time]) => range(atLow[time], atHigh[time])), fits(atLow, atHigh)])
  }
  return [
    '',
    bold('With an assumed cost at either end of its range'),
    ...wrapped('the fitted costs fitted anew; fit: how far off the worst of the measurements then is', width).map(dim),
    ...(effective.length === 0 ? [] : [table.toString().replace(/ +$/gm, '')]),
    ...(idle.length === 0 ? [] : wrapped(`no difference: ${idle.join(', ')}`, width).map(dim)),
  ]
}

function seedLines({ seeds }: ScanResult, { bold }: Colours): string[] {
  if (seeds === null) return []
  const lines = QUANTITIES.map(([name, time]) => {
    const { min, median, max } = seeds[time]
    return `  ${name.padEnd(14)} ${duration(min)} – ${duration(max)}, median ${duration(median)}`
  })
  const { min, median, max } = seeds.optimised
  return [
    '',
    bold(`Over ${plural(seeds.count, 'seed')}`),
    ...lines,
    `  ${'optimised'.padEnd(14)} ${count(min)} – ${count(max)}, median ${count(median)}`,
  ]
}

function range(one: number, other: number): string {
  if (isAlmost(one, other)) return duration(one)
  const [low, high] = [duration(Math.min(one, other)), duration(Math.max(one, other))]
  const [, unit] = low.split(' ')
  return high.endsWith(` ${unit}`) ? `${low.split(' ')[0]}–${high}` : `${low}–${high}`
}

function fits(low: PassAtEnd, high: PassAtEnd): string {
  const [one, other] = [low, high].map(({ residualMax }) => (residualMax * 100).toFixed(0))
  return `${one === other ? one : `${one}, ${other}`} %`
}

/** A fit that is made anew does not come out the same to the last digit. */
function isAlmost(one: number, other: number): boolean {
  return Math.abs(one - other) <= 0.001 * Math.max(one, other)
}
