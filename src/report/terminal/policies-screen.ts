import Table from 'cli-table3'
import type { Policy } from '../../lab/index.ts'
import { coloursOf, comfortable, type ScreenOptions } from './screen.ts'
import { bare } from './tables.ts'

type Described = Pick<Policy, 'name' | 'summary' | 'when' | 'what' | 'who'>

/** Policies, one after the other, each with its axes. */
export function policiesScreen(policies: readonly Described[], options: ScreenOptions): string {
  const { bold, dim } = coloursOf(options)
  const table = new Table({ ...bare, colWidths: [NAME_WIDTH, comfortable(options) - NAME_WIDTH], wordWrap: true })
  for (const { name, summary, when, what, who } of policies) {
    table.push([bold(name), `${summary}\n${dim(`${when} · ${what} · ${who}`)}`])
  }
  return `${table.toString().replace(/ +$/gm, '')}\n`
}

const NAME_WIDTH = 17
