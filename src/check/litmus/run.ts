import type { Machine } from '../../machine/index.ts'
import { breadthFirst } from '../breadth-first.ts'
import { endings } from '../endings.ts'
import { pathTo } from '../graph.ts'
import { HardwareModel } from '../hardware/model.ts'
import type { Operation, stepsOf, Thread } from '../hardware/operation.ts'
import { compileCondition, termsOf } from './conditions.ts'
import { conditionText, instrText, termText } from './format.ts'
import type { Executor } from './instructions.ts'
import { operationOf } from './operations.ts'
import { LitmusProblem } from './problem.ts'
import { numberIn, Operands, Scope } from './scope.ts'
import { setUp } from './setup.ts'
import { smallMachine } from './small-machine.ts'
import type { Column, Line, LitmusFile, Quantifier, Term } from './syntax.ts'
import { compileTerm, type Ended, type Programs, type Value } from './terms.ts'

/** What can come of a litmus file. */
export interface LitmusOutcome {
  readonly name: string
  readonly description: string
  readonly source: string
  /** States that can be reached. */
  readonly states: number
  /** Interleavings: exact up to 2^53. */
  readonly runs: number
  readonly conditions: readonly ConditionOutcome[]
  readonly outcomes: readonly Outcome[]
}

export interface ConditionOutcome {
  readonly quantifier: Quantifier
  readonly condition: string
  readonly holds: boolean
  /** Interleavings at whose end the condition is true. */
  readonly runs: number
  /** Of `exists` one that makes it true, of the others one that breaks it; step by step. */
  readonly witness?: readonly string[]
}

/** Interleavings that end alike in everything that the conditions or `show` name. */
export interface Outcome {
  readonly values: Readonly<Record<string, Value | null>>
  readonly runs: number
  /** One of the shortest, step by step. */
  readonly witness: readonly string[]
}

export interface RunLitmusOptions {
  /** More states than this are too many. Default: 2 million. */
  readonly statesMax?: number
  /** What is done to the machine before anything else: other hardware, to see whether the file notices. */
  readonly prepare?: (machine: Machine) => void
  /** How operations go on that hardware, step by step. Default: as in the machine. */
  readonly steps?: typeof stepsOf
}

/**
 * Plays every interleaving of a file.
 * @throws LitmusProblem where the file asks for what there is not, or for too much
 */
export function runLitmus(file: LitmusFile, { statesMax = 2e6, ...hardware }: RunLitmusOptions = {}): LitmusOutcome {
  const { model, scope, programs } = modelOf(file, hardware)
  const { graph, states, because } = breadthFirst(model, { statesMax })
  if (because !== undefined)
    throw new LitmusProblem(only(file, 'columns'), `there are more than ${statesMax} states; make the programs shorter`)
  const ends = endings(model, graph).map(({ index, runs }): End => {
    const state = graph.states.state(index)
    const answers = programs.cpus.map((_, thread) => model.answers(state, thread))
    const witness = () => pathTo(model, graph, index).steps.map(({ label }) => label)
    return { runs, witness, at: (look) => look({ answers, world: model.enter(state[0]) }) }
  })
  const conditions = of(file, 'condition')
  const shown = of(file, 'show').flatMap(({ terms }) => terms)
  const terms = [...conditions.flatMap(({ condition }) => termsOf(condition)), ...shown]
  return {
    ...headOf(file),
    states,
    runs: sumOf(ends),
    conditions: conditions.map((line) => judge(line, compileCondition(scope, programs, line.condition), ends)),
    outcomes: outcomesOf(scope, programs, terms, ends),
  }
}

interface End {
  readonly runs: number
  readonly witness: () => string[]
  readonly at: <T>(look: (ended: Ended) => T) => T
}

function judge(
  { quantifier, condition }: LineOf<'condition'>,
  holdsAt: (ended: Ended) => boolean,
  ends: readonly End[],
): ConditionOutcome {
  const isTrue = ends.map((end) => end.at(holdsAt))
  const wanted = quantifier !== 'forall'
  const telling = ends.find((_, i) => isTrue[i] === wanted)
  const holds = quantifier === 'exists' ? telling !== undefined : telling === undefined
  const runs = sumOf(ends.filter((_, i) => isTrue[i]))
  return {
    quantifier,
    condition: conditionText(condition),
    holds,
    runs,
    ...(telling === undefined ? {} : { witness: telling.witness() }),
  }
}

function outcomesOf(scope: Scope, programs: Programs, terms: readonly Term[], ends: readonly End[]): Outcome[] {
  const looks = new Map(terms.map((term) => [termText(term), compileTerm(scope, programs, term)]))
  const alike = new Map<string, { values: Outcome['values']; ends: End[] }>()
  for (const end of ends) {
    const values = end.at((ended) => Object.fromEntries([...looks].map(([text, look]) => [text, look(ended) ?? null])))
    const key = JSON.stringify(values)
    const known = alike.get(key)
    if (known === undefined) alike.set(key, { values, ends: [end] })
    else known.ends.push(end)
  }
  return [...alike]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { values, ends: same }]) => ({ values, runs: sumOf(same), witness: same[0].witness() }))
}

function sumOf(ends: readonly End[]): number {
  return ends.reduce((sum, { runs }) => sum + runs, 0)
}

function modelOf(
  file: LitmusFile,
  { prepare, steps }: Pick<RunLitmusOptions, 'prepare' | 'steps'>,
): { model: HardwareModel; scope: Scope; programs: Programs } {
  const machine = smallMachine(of(file, 'machine').flatMap(({ settings }) => settings))
  prepare?.(machine)
  const scope = new Scope(machine)
  const memory = setUp(
    scope,
    of(file, 'setup').map(({ setup }) => setup),
  )
  const { columns } = only(file, 'columns')
  const rows = of(file, 'row')
  for (const row of rows) {
    if (row.cells.length > columns.length)
      throw new LitmusProblem(row, `the row has ${row.cells.length} cells for ${columns.length} columns; remove a "|"`)
  }
  const labels = new Map<string, { column: number; row: number }>()
  const texts = new Map<Operation, string>()
  const threads = columns.map((column, at): Thread => {
    const executor = executorOf(column)
    const program: Operation[] = []
    for (const { cells } of rows) {
      const cell = cells[at]
      if (cell === undefined) continue
      const { label } = cell
      if (label !== undefined) {
        const isTaken = labels.has(label.text) || /^(CPU|page|huge|region)\d+$/i.test(label.text)
        if (isTaken) throw new LitmusProblem(label, `the label ${label.text} is taken; choose another`)
        labels.set(label.text, { column: at, row: program.length })
      }
      const operation = operationOf(scope, cell, executor)
      texts.set(operation, instrText(cell))
      program.push(operation)
    }
    return { cpu: scope.cpu(column.cpu), program }
  })
  for (const [at, { cpu, who }] of columns.entries()) {
    const isTwice =
      columns.findIndex((other) => scope.cpu(other.cpu) === scope.cpu(cpu) && other.who.length === who.length) !== at
    if (isTwice && who.length === 0) throw new LitmusProblem(cpu, `${cpu.text} has two columns; put them into one`)
  }
  const model = new HardwareModel({
    machine,
    memory,
    threads,
    properties: [],
    steps,
    text: (operation) => texts.get(operation) as string,
  })
  return { model, scope, programs: { cpus: threads.map(({ cpu }) => cpu), labels } }
}

/** `CPU0`: the hypervisor; `CPU0 guest`: an ordinary guest; `CPU0 guest asid=1 vmpl=0`: an SNP guest. */
function executorOf({ cpu, who }: Column): Executor {
  const operands = new Operands(cpu, who)
  const isGuest = operands.flag('guest')
  const [asid, vmpl] = [operands.value('asid')?.[0], operands.value('vmpl')?.[0]]
  operands.end(['guest', 'asid=1', 'vmpl=0'])
  if (!isGuest && (asid ?? vmpl) !== undefined)
    throw new LitmusProblem((asid ?? vmpl) as Line, 'only a guest has this; write guest before it')
  if (!isGuest) return { who: 'hypervisor', asid: 0, vmpl: 0 }
  if (asid === undefined) return { who: 'ordinary guest', asid: 0, vmpl: 0 }
  return {
    who: 'SNP guest',
    asid: numberIn(asid, 1, 1023),
    vmpl: numberIn(vmpl ?? { ...asid, text: '0' }, 0, 3) as Executor['vmpl'],
  }
}

type LineOf<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>

function of<Kind extends Line['kind']>({ lines }: LitmusFile, kind: Kind): LineOf<Kind>[] {
  return lines.filter((line): line is LineOf<Kind> => line.kind === kind)
}

function only<Kind extends Line['kind']>(file: LitmusFile, kind: Kind): LineOf<Kind> {
  return of(file, kind)[0]
}

function headOf(file: LitmusFile): Pick<LitmusOutcome, 'name' | 'description' | 'source'> {
  const description = of(file, 'description')
    .map(({ text }) => text)
    .join(' ')
  return { name: only(file, 'name').name, description, source: of(file, 'source')[0]?.text ?? '' }
}
