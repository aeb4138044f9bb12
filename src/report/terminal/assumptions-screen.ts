import Table from 'cli-table3'
import type { assumptions } from '../../lab/index.ts'
import { coloursOf, comfortable, NO_LINES, type ScreenOptions } from './screen.ts'

/** What a run takes for granted, as a table for each area. */
export function assumptionsScreen(areas: ReturnType<typeof assumptions>, options: ScreenOptions): string {
  const { bold, dim } = coloursOf(options)
  const colWidths = [COLUMNS.name, COLUMNS.value, comfortable(options) - COLUMNS.name - COLUMNS.value]
  const parts = areas.map(({ area, assumptions }) => {
    const table = new Table({ colWidths, wordWrap: true, style: PLAIN, chars: NO_LINES })
    for (const { name, value, why, source, option } of assumptions) {
      table.push([`${option ? '*' : ' '} ${name}`, value, `${why} ${dim(source)}`])
    }
    return `${bold(area)}\n${table.toString().replace(/ +$/gm, '')}\n`
  })
  return [...parts, `* an option: a field of a scenario file, see rmpopt run --show-config\n`].join('\n')
}

const COLUMNS = { name: 33, value: 17 }
const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }
