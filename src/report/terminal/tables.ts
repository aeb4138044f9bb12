const SIDES = ['', '-left', '-mid', '-right']
const chars = Object.fromEntries(
  ['top', 'left', 'mid', 'right', 'bottom'].flatMap((at) => SIDES.map((side) => [at + side, ''])).concat([['middle', '']]),
)

/** A table of nothing but its columns. */
export const bare = { style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }, chars }
