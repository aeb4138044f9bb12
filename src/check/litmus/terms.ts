import {
  errorCodeHas,
  NPF_ENC,
  NPF_FINAL,
  NPF_RMP,
  NPF_SIZEM,
  NPF_TABLE,
  NPF_VMPL,
  PF_PRESENT,
  PF_USER,
  PF_WRITE,
  pageState,
  returnCodeName,
} from '../../arch/index.ts'
import { type FirmwareStatus, has } from '../../machine/index.ts'
import type { Answer } from '../hardware/operation.ts'
import type { World } from '../hardware/world.ts'
import { LitmusProblem, unknown } from './problem.ts'
import type { Scope } from './scope.ts'
import type { Term, Word } from './syntax.ts'

/** How a run ended: what has come of every instruction, and the world. */
export interface Ended {
  /** By column, then in the order of the program. */
  readonly answers: readonly (readonly Answer[])[]
  readonly world: World
}

/** What a term is at the end; `undefined`: it has no value there (no instruction has set the register). */
export type Value = number | string | undefined

/** Where labels and CPUs stand in the program. */
export interface Programs {
  /** By column: its CPU. */
  readonly cpus: readonly number[]
  readonly labels: ReadonlyMap<string, { readonly column: number; readonly row: number }>
}

/** Makes of a term a function that looks it up. @throws LitmusProblem for a term that means nothing */
export function compileTerm(scope: Scope, programs: Programs, term: Term): (ended: Ended) => Value {
  if (term.kind === 'memory') {
    const pfn = scope.page(term.where)
    return ({ world }) => world.written(pfn)
  }
  if (term.kind === 'call') return compileCall(scope, term.name, term.args)
  if (/^(page|huge)\d+$/i.test(term.of.text)) return compileEntryField(scope, term.of, term.field)
  const label = programs.labels.get(term.of.text)
  const columns = label === undefined ? columnsOf(scope, programs, term.of) : []
  const register = registerOf(term.field)
  if (label !== undefined) return ({ answers }) => register(answers[label.column][label.row])
  return ({ answers }) => {
    const values = columns.flatMap((column) => answers[column].map(register)).filter((value) => value !== undefined)
    return values.at(-1)
  }
}

function columnsOf(scope: Scope, { cpus, labels }: Programs, word: Word): number[] {
  if (!/^CPU\d+$/i.test(word.text))
    throw unknown(word, 'CPU, label or page', word.text, [...new Set([...cpus.map((cpu) => `CPU${cpu}`), ...labels.keys()])])
  const cpu = scope.cpu(word)
  const columns = cpus.flatMap((one, column) => (one === cpu ? [column] : []))
  if (columns.length === 0) throw new LitmusProblem(word, `${word.text} executes nothing; name a CPU that has a column`)
  if (columns.length > 1)
    throw new LitmusProblem(word, `${word.text} has several columns; give the instruction a label and name that`)
  return columns
}

function compileCall(scope: Scope, name: Word, args: readonly Word[]): (ended: Ended) => Value {
  const region = scope.region(args[0])
  switch (name.text.toLowerCase()) {
    case 'cached':
      return ({ world }) => world.machine.tables.cached[region]
    case 'optimised': {
      if (args.length === 1) return ({ world }) => (world.machine.tables.sets[region].size > 0 ? 1 : 0)
      const core = scope.machine.coreOf(scope.cpu(args[1]))
      return ({ world }) => (has(world.machine.tables.sets[region], core) ? 1 : 0)
    }
    default:
      throw unknown(name, 'thing to ask of a region', name.text, ['optimised', 'cached'])
  }
}

const ENTRY_FIELDS = ['assigned', 'validated', 'immutable', 'vmsa', 'asid', 'size', 'state', 'gpa'] as const

function compileEntryField(scope: Scope, where: Word, field: Word): (ended: Ended) => Value {
  const { geometry } = scope.machine
  const pfn = scope.present(where).spa / geometry.pageBytes
  const name = ENTRY_FIELDS.find((one) => one === field.text.toLowerCase())
  if (name === undefined) throw unknown(field, 'field of an entry', field.text, ENTRY_FIELDS)
  return ({ world: { machine } }) => {
    const entry = machine.rmp.entry(pfn)
    if (name === 'state') return machine.firmware.guests.has(pfn * geometry.pageBytes) ? 'Context' : pageState(entry)
    if (name === 'gpa') return `page${entry.gpa / geometry.pageBytes}`
    const value = entry[name]
    return typeof value === 'boolean' ? Number(value) : value
  }
}

const ERROR_BITS: Readonly<Record<string, number>> = {
  PRESENT: PF_PRESENT,
  WRITE: PF_WRITE,
  USER: PF_USER,
  RMP: NPF_RMP,
  FINAL: NPF_FINAL,
  TABLE: NPF_TABLE,
  ENC: NPF_ENC,
  SIZEM: NPF_SIZEM,
  VMPL: NPF_VMPL,
}

const REGISTERS: Readonly<Record<string, (answer: Answer) => Value>> = {
  CF: (answer) => ('cf' in answer ? Number(answer.cf) : undefined),
  EAX: (answer) => {
    if ('eax' in answer) return returnCodeName(answer.eax)
    if (!('value' in answer)) return undefined
    return typeof answer.value === 'bigint' ? Number(answer.value) : answer.value
  },
  FAULT: (answer) => {
    if (answer.kind === 'unspecified') return 'unspecified'
    return answer.kind === 'fault' ? answer.fault.vector : 'none'
  },
  STATUS: (answer) => (answer.kind === 'status' ? answer.status : undefined),
  CHECK: (answer) =>
    'how' in answer && answer.kind === 'passed' ? CHECKS[answer.how] : answer.kind === 'fault' ? 'failed' : undefined,
  SCAN: (answer) => ('summaries' in answer ? answer.how.replaceAll(' ', '-') : undefined),
  READS: (answer) => ('summaries' in answer ? answer.summaries : undefined),
  ASSIGNED: (answer) => ('form' in answer && answer.form !== undefined ? Number(answer.form.assigned) : undefined),
  HPAGE: (answer) => ('form' in answer && answer.form !== undefined ? Number(answer.form.hpageRegionStatus) : undefined),
  RIGHTS: (answer) => ('permissions' in answer ? answer.permissions : undefined),
}

/** What fields may be in words; those that are not here are numbers. */
export const VALUE_WORDS: Readonly<Record<string, readonly string[]>> = {
  state: ['Hypervisor', 'HV-Fixed', 'Firmware', 'Reclaim', 'Context', 'Pre-Guest', 'Guest-Invalid', 'Guest-Valid', 'Pre-Swap'],
  size: ['4K', '2M'],
  fault: ['#UD', '#GP', '#PF', '#NPF', 'none', 'unspecified'],
  status: [
    'SUCCESS',
    'INVALID_PLATFORM_STATE',
    'INVALID_GUEST_STATE',
    'INVALID_PAGE_STATE',
    'INVALID_PAGE_SIZE',
    'INVALID_CONFIG',
    'INVALID_ADDRESS',
    'INVALID_PARAM',
    'INVALID_GUEST',
    'ACTIVE',
    'DFFLUSH_REQUIRED',
  ] satisfies FirmwareStatus[],
  check: ['none', 'skipped', 'checked', 'tlb', 'failed'],
  scan: ['scanned', 'cached', 'reported', 'out-of-reach'],
}

const CHECKS = { 'no check': 'none', skipped: 'skipped', checked: 'checked', 'cached translation': 'tlb' } as const

function registerOf(field: Word): (answer: Answer) => Value {
  const name = field.text.toUpperCase()
  const bit = ERROR_BITS[name]
  if (bit !== undefined) return (answer) => errorBit(answer, bit)
  const register = REGISTERS[name]
  if (register === undefined)
    throw unknown(field, 'register or outcome', field.text, [...Object.keys(REGISTERS), ...Object.keys(ERROR_BITS)])
  return register
}

function errorBit(answer: Answer, bit: number): Value {
  if (answer.kind !== 'fault' || !('errorCode' in answer.fault)) return undefined
  return errorCodeHas(answer.fault.errorCode, bit) ? 1 : 0
}
