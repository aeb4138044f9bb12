import { NO_LINES } from './screen.ts'

/** A table of nothing but its columns. */
export const bare = { style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }, chars: NO_LINES }
