import type { ExplainOperation, ExplainResult, ExplainStep, RegionMap } from '../../lab/index.ts'
import { count, duration, memory, plural } from '../words/format.ts'
import { type Colours, coloursOf, comfortable, type ScreenOptions, wrapped } from './screen.ts'

/** The theory of operation, step by step. */
export function explainScreen({ host, steps }: ExplainResult, options: ScreenOptions): string {
  const colours = coloursOf(options)
  const width = comfortable(options)
  const machine = `${host.name}: ${memory(host.memoryBytes)}, ${plural(host.cores, 'core')}, ${plural(host.logicalCpus, 'CPU')}`
  return [
    ...wrapped(`RMPOPT step by step, on a simulated host ${machine}.`, width).map(colours.bold),
    ...wrapped(`A region is 1 GiB: ${LEGEND}.`, width),
    ...steps.flatMap((step) => ['', ...stepLines(step, host.cores, colours, width)]),
    '',
  ].join('\n')
}

const MARKS = { blocked: '█', eligible: '·', some: '◐', all: '●' } as const
const LEGEND = [
  `${MARKS.blocked} holds assigned pages`,
  `${MARKS.eligible} holds none, not optimised`,
  `${MARKS.some} optimised on some cores`,
  `${MARKS.all} on all`,
].join(', ')

const INDENT = '   '

function stepLines(step: ExplainStep, cores: number, colours: Colours, width: number): string[] {
  const { bold, dim } = colours
  const inner = width - INDENT.length
  const at = `at ${duration(step.atNs)}`
  const title = `${String(step.number).padStart(2)} ${step.title}`
  const head = bold(title) + ' '.repeat(Math.max(2, width - title.length - at.length)) + dim(at)
  const body = [
    ...wrapped(step.text, inner),
    ...operationLines(step.operations, colours, inner),
    ...mapsLines(step, cores, colours, inner),
    ...step.log.flatMap((line) => wrapped(line, inner).map((part, index) => dim(index === 0 ? part : `  ${part}`))),
  ]
  return [head, ...body.map((line) => INDENT + line)]
}

/** Who, what and how often, and what came of it: in columns where that fits, else the outcome below. */
function operationLines(operations: readonly ExplainOperation[], { cyan, dim }: Colours, width: number): string[] {
  const who = Math.max(0, ...operations.map((operation) => operation.who.length)) + 2
  const room = width - who
  const texts = operations.map(({ what, times }) => (times === 1 ? what : `${what} × ${count(times)}`))
  const column = Math.max(0, ...texts.map((text) => text.length).filter((length) => length <= room * COLUMN_SHARE)) + 2
  return operations.flatMap((operation, index) => {
    const text = texts[index].padEnd(column)
    const result = operation.result === '' ? '' : `→ ${operation.result}`
    const gap = text.endsWith(' ') ? '' : '  '
    const lines =
      text.length + gap.length + result.length <= room
        ? [text + gap + dim(result)]
        : [...wrapped(text, room), ...wrapped(result, room - 4).map((line) => `    ${dim(line)}`)]
    return lines.map((line, at) => cyan((at === 0 ? operation.who : '').padEnd(who)) + line.trimEnd())
  })
}

const COLUMN_SHARE = 0.6

/** The regions before and after, one below the other; once, if they are the same. */
function mapsLines({ before, after }: ExplainStep, cores: number, colours: Colours, width: number): string[] {
  const maps = [mapLines('before', before, cores, colours, width), mapLines('after', after, cores, colours, width)]
  const isSame = maps[0].length === maps[1].length && maps[0].every((line, at) => line.slice(LABEL) === maps[1][at].slice(LABEL))
  return isSame ? mapLines('regions', after, cores, colours, width) : maps.flat()
}

const LABEL = 9

function mapLines(name: string, map: RegionMap, cores: number, colours: Colours, width: number): string[] {
  const room = width - LABEL
  const lines: string[] = []
  for (let start = 0; start < map.length; start += room) {
    const cells = map.slice(start, start + room).map((region) => cell(region, cores, colours))
    lines.push((start === 0 ? name.padEnd(LABEL) : ' '.repeat(LABEL)) + cells.join(''))
  }
  return lines
}

function cell({ assignedPages, optimisedCores }: RegionMap[number], cores: number, { red, dim, yellow, green }: Colours): string {
  if (assignedPages > 0) return red(MARKS.blocked)
  if (optimisedCores === 0) return dim(MARKS.eligible)
  return optimisedCores < cores ? yellow(MARKS.some) : green(MARKS.all)
}
