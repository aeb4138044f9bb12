import type { RunResult } from '../../lab/index.ts'
import { count, duration, memory, percent, plural } from '../words/format.ts'
import { plot } from './plot.ts'
import { type Colours, coloursOf, comfortable, type ScreenOptions, wrapped } from './screen.ts'

/** What `run` found, on one screen of a terminal. */
export function runScreen(result: RunResult, options: ScreenOptions): string {
  const colours = coloursOf(options)
  const width = comfortable(options)
  const topics: [name: string, lines: string[]][] = [
    ['Coverage', coverageLines(result)],
    ['Passes', passLines(result)],
    ['Waits', delayLines(result)],
    ['Blocked', blockedLines(result)],
    ['Note', noteLines(result)],
  ]
  return [
    ...headLines(result, colours, width),
    '',
    ...plotLines(result, colours, width),
    ...topics.flatMap(([name, lines]) => topic(name, lines, colours, width)),
    '',
  ].join('\n')
}

const INDENT = 9

function topic(name: string, lines: readonly string[], { bold }: Colours, width: number): string[] {
  const all = lines.flatMap((line) => wrapped(line, width - INDENT))
  return all.map((line, index) => (index === 0 ? bold(name) + ' '.repeat(INDENT - name.length) : ' '.repeat(INDENT)) + line)
}

function headLines(result: RunResult, { bold }: Colours, width: number): string[] {
  const { host, hosts, policy, simulatedNs, trace, vms, placement, backing } = result
  const machine = `${memory(host.memoryBytes)}, ${plural(host.cores, 'core')}, ${plural(host.logicalCpus, 'CPU')}`
  const title = `RMPOPT policy ${policy}, ${duration(simulatedNs)} on ${count(hosts)} × ${host.name}`
  const [first, ...rest] = wrapped(`${title}: ${machine}${hosts === 1 ? '' : ' each'}`, width)
  const guests = `${plural(vms.placed, 'VM')}, ${count(vms.snp)} of them SNP guests`
  return [
    first.startsWith(title) ? bold(title) + first.slice(title.length) : bold(first),
    ...rest,
    ...wrapped(`${guests}; placement ${placement}, backing ${backing}; trace: ${trace}`, width),
  ]
}

const PLOT_ROWS = 7
const LEGEND_COLUMNS = 20

function plotLines({ timeline, simulatedNs }: RunResult, { cyan, dim }: Colours, width: number): string[] {
  const series = [
    { values: timeline.map(({ coverage }) => coverage), paint: cyan },
    { values: timeline.map(({ ideal }) => ideal), paint: dim, dotted: true },
  ]
  const title = 'Coverage: optimised share of memory outside SNP guests'
  const legend = `${cyan('⠒ is')}  ${dim('⠂ could be')}`
  const head = title.length + LEGEND_COLUMNS <= width ? [`${title}   ${legend}`] : [...wrapped(title, width), legend]
  return [...head, ...plot(series, { width, rows: PLOT_ROWS, endNs: simulatedNs })]
}

function coverageLines({ coverage: { mean, final, idealMean }, checksSkipped, checksSkippedLocal }: RunResult): string[] {
  if (idealMean === 0) return ['none, and none possible: RMPOPT needs a CPU that has it and a segmented RMP']
  const differs = Math.abs(checksSkipped - checksSkippedLocal) > VISIBLE
  return [
    `${percent(mean)}, ${percent(mean / idealMean)} of ideal; ${percent(final)} at the end; ${percent(checksSkipped)} of checks skipped`,
    ...(differs ? [`${percent(checksSkippedLocal)} of checks skipped if cores write to their own socket's memory only`] : []),
  ]
}

/** Less than this is no difference to speak of. */
const VISIBLE = 0.005

function passLines({ passes, hosts, simulatedNs, host }: RunResult): string[] {
  if (passes.count === 0) return ['none']
  const share = percent(passes.cpuNs / (simulatedNs * hosts * host.logicalCpus))
  const every = duration((simulatedNs * hosts) / passes.count)
  return [
    `${count(passes.count)}, one every ${every} on a host; ${duration(passes.wallNsMean)} each, at most ${duration(passes.wallNsMax)}`,
    `${duration(passes.cpuNs / passes.count)} of CPU time each; together ${share} of the fleet's CPU time`,
    `${count(passes.ipis / passes.count)} IPIs each; worst interruption of a CPU ${duration(passes.stallNsMax)}`,
  ]
}

function delayLines({ reoptimiseDelayNs: { p50, p99, max, count: regions, neverCount } }: RunResult): string[] {
  if (p50 === null || p99 === null || max === null) {
    return [neverCount === 0 ? 'no region was freed' : `${plural(neverCount, 'freed region')}, none of them optimised again`]
  }
  const never = neverCount === 0 ? '' : `; ${percent(neverCount / (regions + neverCount))} never`
  return [`freed regions: ${duration(p50)} median, ${duration(p99)} p99, ${duration(max)} max${never}`]
}

function blockedLines({ blockedRegions: blocked, host }: RunResult): string[] {
  const { upTo16Pages, upTo512Pages, upTo32768Pages, more, byPlatformOnly, byKernelPagesOnly, beyondReach } = blocked
  const total = upTo16Pages + upTo512Pages + upTo32768Pages + more
  return [
    `on average ${gibs(total)} of a host's ${gibs(host.memoryBytes / GIB)} GiB, by assigned pages in them:`,
    `${gibs(upTo16Pages)} by ≤ 16 pages, ${gibs(upTo512Pages)} by ≤ 512, ${gibs(upTo32768Pages)} by ≤ 128 MiB, ${gibs(more)} by more`,
    `${gibs(byPlatformOnly)} of these by RMP and firmware only, ${gibs(byKernelPagesOnly)} by contexts/VMSAs only`,
    ...(beyondReach === 0 ? [] : [`besides, ${gibs(beyondReach)} lie beyond the reach of a table`]),
  ]
}

/** A mean number of regions: hundredths are enough, and what is not nothing does not look like it. */
function gibs(value: number): string {
  if (value > 0 && value < 0.005) return '< 0.01'
  return String(value < 10 ? Number(value.toFixed(2)) : Number(value.toPrecision(value < 100 ? 3 : 4)))
}

const GIB = 2 ** 30

function noteLines({ vms, memoryWaitSeconds }: RunResult): string[] {
  const notes = [
    vms.rejected > 0 && `${plural(vms.rejected, 'VM')} of ${count(vms.requested)} rejected: no host had room`,
    vms.failed > 0 && `${plural(vms.failed, 'VM')} ended too soon to start`,
    memoryWaitSeconds > 0 && `VMs waited ${duration(memoryWaitSeconds * 1e9)} in all for memory`,
    vms.skippedRows > 0 && `${plural(vms.skippedRows, 'bad row')} of the trace left out`,
  ].filter((note) => note !== false)
  return notes.length === 0 ? [] : [notes.join('; ')]
}
