/** A point that is to be named. */
export interface Anchor {
  readonly x: number
  readonly y: number
  readonly width: number
}

/** Where a name goes: the middle of its left edge, and whether a line must lead to the point. */
export interface Placed {
  readonly x: number
  readonly y: number
  readonly hasLeader: boolean
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/**
 * Places for the names of points, none on another or on a point: each as near as it can be, the earlier the nearer.
 * @param within names stay inside
 * @param obstacles what else names keep off
 */
export function placeLabels(anchors: readonly Anchor[], height: number, within: Box, obstacles: readonly Box[]): Placed[] {
  const dots = anchors.map(({ x, y }) => ({ left: x - DOT, top: y - DOT, right: x + DOT, bottom: y + DOT }))
  const taken: Box[] = [...dots, ...obstacles]
  return anchors.map((anchor) => {
    const places = DISTANCES.flatMap((distance) => DIRECTIONS.map((direction) => around(anchor, direction, distance, height)))
    const free = places.find(({ box }) => inside(box, within) && !taken.some((other) => overlaps(box, other))) ?? places[0]
    taken.push(free.box)
    return { x: free.box.left, y: (free.box.top + free.box.bottom) / 2, hasLeader: free.hasLeader }
  })
}

const DOT = 6
const NEAR = 9
const DISTANCES = [NEAR, 14, 20, 28, 38, 50, 64, 80, 100]
/** Right is easiest to read, then left, above, below, and the corners. */
const DIRECTIONS: readonly (readonly [x: number, y: number])[] = [
  ...([
    [1, 0],
    [-1, 0],
    [0, -1],
    [0, 1],
  ] as const),
  ...([
    [0.7, -0.7],
    [0.7, 0.7],
    [-0.7, -0.7],
    [-0.7, 0.7],
  ] as const),
]

function around({ x, y, width }: Anchor, [right, down]: readonly [number, number], distance: number, height: number) {
  const middle = y + down * (distance + (right === 0 ? height / 4 : 0))
  const left = right > 0 ? x + right * distance : right < 0 ? x + right * distance - width : x - width / 2
  const box = { left, top: middle - height / 2, right: left + width, bottom: middle + height / 2 }
  return { box, hasLeader: distance > 14 }
}

function inside(box: Box, { left, top, right, bottom }: Box): boolean {
  return box.left >= left && box.top >= top && box.right <= right && box.bottom <= bottom
}

function overlaps(box: Box, other: Box): boolean {
  return box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom
}
