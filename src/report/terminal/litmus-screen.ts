import type { LitmusFileResult, LitmusResult } from '../../lab/index.ts'
import { count, plural } from '../words/format.ts'
import { type Colours, coloursOf, comfortable, type ScreenOptions, wrapped } from './screen.ts'

/**
 * What has come of litmus files: a line for each, and more of one that is alone, that has a condition which does not hold, or of
 * all when all outcomes are wanted.
 */
export function litmusScreen({ files, holds }: LitmusResult, allOutcomes: boolean, options: ScreenOptions): string {
  const colours = coloursOf(options)
  const isAlone = files.length === 1
  const parts = files.map((file) => {
    const lines = [headline(file, colours)]
    if (isAlone || allOutcomes) lines.push(...about(file, options, colours))
    if (isAlone || allOutcomes || !file.holds) lines.push(...conditionLines(file, colours))
    if (isAlone || allOutcomes) lines.push(...outcomeLines(file, allOutcomes, colours))
    return lines.map((line) => `${line.trimEnd()}\n`).join('')
  })
  const wrong = files.filter((file) => !file.holds).length
  const summary = holds ? 'all conditions hold' : `${wrong} with conditions that do not hold`
  return `${parts.join(isAlone || allOutcomes ? '\n' : '')}${isAlone ? '' : `\n${plural(files.length, 'file')}: ${summary}\n`}`
}

function headline({ path, holds, runs, outcomes, source }: LitmusFileResult, { green, red, bold, dim }: Colours): string {
  const mark = holds ? green('ok') : red('NO')
  const numbers = `${plural(runs, 'interleaving')}, ${plural(outcomes.length, 'outcome')}`
  return `${mark}  ${bold(path)}  ${numbers}  ${dim(source)}`
}

function about({ description }: LitmusFileResult, options: ScreenOptions, { dim }: Colours): string[] {
  return wrapped(description, comfortable(options) - INDENT.length).map((line) => INDENT + dim(line))
}

function conditionLines({ conditions, runs: all }: LitmusFileResult, { green, red }: Colours): string[] {
  return conditions.flatMap(({ quantifier, condition, holds, runs, witness }) => {
    const line = `${INDENT}${holds ? green('holds') : red('fails')}  ${quantifier} ${condition}  (in ${count(runs)} of ${count(all)})`
    return holds || witness === undefined ? [line] : [line, ...witnessLines(witness)]
  })
}

function outcomeLines({ outcomes }: LitmusFileResult, withWitness: boolean, { dim }: Colours): string[] {
  const width = Math.max(...outcomes.map(({ runs }) => count(runs).length))
  return outcomes.flatMap(({ runs, values, witness }) => {
    const text = Object.entries(values).map(([term, value]) => `${term}=${value ?? '-'}`)
    const line = `${INDENT}${count(runs).padStart(width)} ${dim('×')} ${text.join('  ')}`
    return withWitness ? [line, ...witnessLines(witness)] : [line]
  })
}

/** Steps of one instruction that follow each other are one line. */
function witnessLines(witness: readonly string[]): string[] {
  const lines: { head: string; steps: string[] }[] = []
  for (const label of witness) {
    const at = label.lastIndexOf(': ')
    const [head, step] = [label.slice(0, at), label.slice(at + 2)]
    const last = lines.at(-1)
    // An instruction begins but once.
    if (last?.head === head && step !== 'begin') last.steps.push(step)
    else lines.push({ head, steps: [step] })
  }
  return lines.map(({ head, steps }) => `${INDENT}${INDENT}${head}: ${steps.join(', ')}`)
}

const INDENT = '    '
