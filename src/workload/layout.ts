import type { RawRow } from './row.ts'
import { UserError } from './user-error.ts'

/** How the fields of a text's lines make rows. */
export interface Layout {
  /** Whether the first line names the columns, and is no row. */
  readonly hasHeader: boolean
  /** Fields of each line. */
  readonly width: number
  readonly rowOf: (fields: readonly string[]) => RawRow
}

/** Columns of our own format; `batch_id` says nothing where it is empty, but must be there. `vm_id` is for people. */
export const COLUMNS = ['batch_id', 'created_s', 'deleted_s', 'vcpus', 'memory_gb'] as const

/**
 * Tells our own format, whose first line names the columns, from Azure's `vmtable.csv`, which has eleven columns without names.
 * @param fields the first line
 * @throws UserError naming the columns that are missing and those that are there
 */
export function layoutOf(source: string, fields: readonly string[]): Layout {
  const names = fields.map((field) => field.trim())
  if (names.length === AZURE.width && !names.some(isKnown) && isNumeric(names[AZURE.created])) {
    return { hasHeader: false, width: AZURE.width, rowOf: azureRow }
  }
  checkColumns(source, names)
  const [batch, created, deleted, vcpus, memory] = COLUMNS.map((column) => names.indexOf(column))
  const rowOf = (cells: readonly string[]) => ({
    batch_id: cells[batch],
    created_s: cells[created],
    deleted_s: cells[deleted],
    vcpus: cells[vcpus],
    memory_gb: cells[memory],
  })
  return { hasHeader: true, width: names.length, rowOf }
}

/** @throws UserError when a column of our format is missing or there twice */
export function checkColumns(source: string, names: readonly string[]): void {
  const missing = COLUMNS.filter((column) => !names.includes(column))
  if (missing.length > 0) {
    const expected = `name the columns vm_id,${COLUMNS.join(',')} in the first line`
    throw new UserError(`${source}: has no column ${missing.join(', ')}, only ${shownNames(names)}; ${expected}`)
  }
  const twice = COLUMNS.find((column) => names.indexOf(column) !== names.lastIndexOf(column))
  if (twice) throw new UserError(`${source}: has two columns ${twice}; rename one`)
}

/** Azure's `vmtable.csv` of 2017 (V1) and 2019 (V2): which field is what. */
const AZURE = { width: 11, deployment: 2, created: 3, deleted: 4, cores: 9, memory: 10 }
/** The last moment of both, 30 days less one step of 300 s: VMs "deleted" then were still running. */
const AZURE_END_S = 2_591_700
/** V2 gives vCPUs and GiB by their bucket's upper end, which we take as the value. The open buckets are an assumption. */
const AZURE_BUCKETS: Readonly<Record<string, number>> = { '>24': 30, '>64': 70 }

function azureRow(fields: readonly string[]): RawRow {
  const deleted = fields[AZURE.deleted]
  return {
    batch_id: fields[AZURE.deployment],
    created_s: fields[AZURE.created],
    deleted_s: Number(deleted) === AZURE_END_S ? undefined : deleted,
    vcpus: AZURE_BUCKETS[fields[AZURE.cores]] ?? fields[AZURE.cores],
    memory_gb: AZURE_BUCKETS[fields[AZURE.memory]] ?? fields[AZURE.memory],
  }
}

function isKnown(name: string): boolean {
  return name === 'vm_id' || (COLUMNS as readonly string[]).includes(name)
}

function isNumeric(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text))
}

function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => JSON.stringify(name.slice(0, NAME_SHOWN)).slice(1, -1))
  return `${shown.join(', ')}${names.length > NAMES_SHOWN ? ', …' : ''}`
}

const NAMES_SHOWN = 20
const NAME_SHOWN = 40
