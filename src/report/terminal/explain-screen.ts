import type { ExplainOperation, ExplainResult, ExplainStep, RegionMap } from '../../lab/index.ts'
import { count, duration, memory, plural } from './format.ts'
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
  `${MARKS.eligible} holds none but is checked`,
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
    ...mapLines('before', step.before, cores, colours, inner),
    ...mapLines('after', step.after, cores, colours, inner),
    ...step.log.flatMap((line) => wrapped(line, inner).map((part, index) => dim(index === 0 ? part : `  ${part}`))),
  ]
  return [head, ...body.map((line) => INDENT + line)]
}

/** Who, what and how often, and what came of it, in columns as far as they fit. */
function operationLines(operations: readonly ExplainOperation[], { cyan, dim }: Colours, width: number): string[] {
  if (operations.length === 0) return []
  const who = Math.max(...operations.map((operation) => operation.who.length)) + 2
  const texts = operations.map(({ what, times }) => (times === 1 ? what : `${what}  × ${count(times)}`))
  const results = Math.max(...operations.map(({ result }) => result.length))
  const column = Math.min(Math.max(...texts.map((text) => text.length)), Math.max(20, width - who - results - 4))
  return operations.flatMap((operation, index) => {
    const [first, ...rest] = wrapped(texts[index], column)
    const outcome = operation.result === '' ? '' : `  → ${operation.result}`
    const parts = first.length + who + outcome.length <= width ? [first.padEnd(column) + outcome, ...rest] : [first, ...rest, outcome]
    return parts.map((part, line) => (line === 0 ? cyan(operation.who.padEnd(who)) : ' '.repeat(who)) + part.replace(/→.*/, (text) => dim(text)))
  })
}

function mapLines(name: string, map: RegionMap, cores: number, colours: Colours, width: number): string[] {
  const label = 8
  const room = width - label
  const lines: string[] = []
  for (let start = 0; start < map.length; start += room) {
    const cells = map.slice(start, start + room).map((region) => cell(region, cores, colours))
    lines.push((start === 0 ? name.padEnd(label) : ' '.repeat(label)) + cells.join(''))
  }
  return lines
}

function cell({ assignedPages, optimisedCores }: RegionMap[number], cores: number, { red, dim, yellow, green }: Colours): string {
  if (assignedPages > 0) return red(MARKS.blocked)
  if (optimisedCores === 0) return dim(MARKS.eligible)
  return optimisedCores < cores ? yellow(MARKS.some) : green(MARKS.all)
}
