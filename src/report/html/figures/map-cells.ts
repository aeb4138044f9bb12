/** What a cell of the map says of its regions; see `CELLS`. */
export type Cell = 'none' | 'optimised' | 'few' | 'many' | 'blocked' | 'partly' | 'waiting'

/** Kinds of cells in the order of a legend, in words: for rows of one region, and for rows that gather several. */
export const CELLS: readonly { readonly cell: Cell; readonly ofOne: string; readonly ofSeveral: string }[] = [
  { cell: 'optimised', ofOne: 'optimised on all cores', ofSeveral: 'optimised on all cores' },
  { cell: 'waiting', ofOne: 'could be optimised, is not', ofSeveral: 'one or more could be optimised, but are not' },
  { cell: 'partly', ofOne: 'on some cores only', ofSeveral: 'on some cores only' },
  { cell: 'few', ofOne: '', ofSeveral: 'less than half hold assigned pages' },
  { cell: 'many', ofOne: '', ofSeveral: 'half or more do' },
  { cell: 'blocked', ofOne: 'holds assigned pages', ofSeveral: 'all do' },
  { cell: 'none', ofOne: 'out of reach, or no memory', ofSeveral: 'out of reach, or no memory' },
]

/** Regions gathered into at most `rowsMax` rows: for each moment the cells, lowest first. */
export function aggregated(rows: readonly string[], rowsMax: number): { cells: Cell[][]; regionsPerRow: number } {
  const regionsPerRow = Math.max(1, Math.ceil(Math.max(...rows.map(({ length }) => length)) / rowsMax))
  const cells = rows.map((row) =>
    Array.from({ length: Math.ceil(row.length / regionsPerRow) }, (_, at) =>
      cellOf(row.slice(at * regionsPerRow, (at + 1) * regionsPerRow)),
    ),
  )
  return { cells, regionsPerRow }
}

function cellOf(regions: string): Cell {
  const counts = { '#': 0, o: 0, '+': 0, '*': 0, '-': 0 }
  for (const region of regions) counts[region as keyof typeof counts]++
  if (counts.o > 0) return 'waiting'
  if (counts['+'] > 0) return 'partly'
  if (counts['#'] === regions.length) return 'blocked'
  if (counts['#'] > 0) return counts['#'] * 2 < regions.length ? 'few' : 'many'
  return counts['*'] > 0 ? 'optimised' : 'none'
}
