import pc from 'picocolors'

/** Where a result is shown: known to the caller, never asked of the process. */
export interface ScreenOptions {
  /** Columns. Lines are no longer, and no longer than is comfortable to read. */
  readonly width: number
  readonly colour: boolean
}

export type Colours = ReturnType<typeof pc.createColors>

export function coloursOf({ colour }: ScreenOptions): Colours {
  return pc.createColors(colour)
}

/** The columns used of those there are. */
export function comfortable({ width }: ScreenOptions): number {
  return Math.max(WIDTH_MIN, Math.min(width, WIDTH_MAX))
}

const WIDTH_MIN = 40
const WIDTH_MAX = 100

/** Text in lines of at most `width` columns, broken at spaces, no-break ones left whole; a longer word has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/[ \n]+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

const SIDES = ['', '-left', '-mid', '-right']
/** For a table without lines: columns are kept apart by their padding. */
export const NO_LINES = Object.fromEntries(
  ['top', 'left', 'mid', 'right', 'bottom'].flatMap((at) => SIDES.map((side) => [at + side, ''])).concat([['middle', '']]),
)
