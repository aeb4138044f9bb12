import type { Markish } from '@observablehq/plot'
import { type Box, type Placed, placeLabels } from './labels.ts'

/** A point of a plot that is to be named. */
export interface NamedPoint {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly isBold: boolean
  readonly isOnFront: boolean
}

/**
 * A mark of a plot that writes names beside points: points that lie on one another share a line of names.
 * @param stairs the corners of a line that goes right, then down, which names keep off
 */
export function named(points: readonly NamedPoint[], stairs: readonly { readonly x: number; readonly y: number }[]): Markish {
  return (_index, scales, _values, { width, height, marginLeft, marginRight, marginTop, marginBottom }, { document }) => {
    const [toX, toY] = [scales.x, scales.y] as unknown as ((value: number) => number)[]
    const groups = together(points.map((point) => ({ ...point, x: toX(point.x), y: toY(point.y) })))
    const within = { left: marginLeft, top: marginTop - 8, right: width - marginRight + 22, bottom: height - marginBottom }
    const anchors = groups.map((group) => ({ x: group[0].x, y: group[0].y, width: CHARACTER * text(group).length }))
    const layer = element(document, 'g', { 'text-anchor': 'start', fill: 'var(--ink)' })
    placeLabels(anchors, LINE, within, between(stairs.map(({ x, y }) => ({ x: toX(x), y: toY(y) })))).forEach((place, at) => {
      if (place.hasLeader) layer.append(leader(document, anchors[at], place))
      layer.append(label(document, groups[at], place))
    })
    return layer as never
  }
}

/** The parts of a line that goes right, then down. */
function between(corners: readonly { readonly x: number; readonly y: number }[]): Box[] {
  return corners.slice(1).flatMap(({ x, y }, at) => {
    const before = corners[at]
    return [
      { left: before.x, right: x, top: before.y - 1, bottom: before.y + 1 },
      { left: x - 1, right: x + 1, top: before.y, bottom: y },
    ]
  })
}

const CHARACTER = 6.9
const LINE = 14
const NEAR = 7
const NAMES_MAX = 4

type Group = readonly NamedPoint[]

/** Groups of points that lie on one another; those of `versus` and the front first, for the best places. */
function together(points: readonly NamedPoint[]): Group[] {
  const groups: NamedPoint[][] = []
  for (const point of points) {
    const group = groups.find(([first]) => Math.hypot(first.x - point.x, first.y - point.y) < NEAR)
    if (group === undefined) groups.push([point])
    else group.push(point)
  }
  return groups.sort((a, b) => weight(b) - weight(a))
}

function weight(group: Group): number {
  return Math.max(...group.map(({ isBold, isOnFront }) => (isBold ? 2 : isOnFront ? 1 : 0)))
}

/** Names of a group, bold ones first; of many the first ones, and how many more. */
function names(group: Group): { text: string; isBold: boolean }[] {
  const sorted = [...group].sort((a, b) => Number(b.isBold) - Number(a.isBold))
  const shown = sorted.slice(0, sorted.length > NAMES_MAX ? NAMES_MAX - 1 : NAMES_MAX)
  const more = sorted.length - shown.length
  const parts = shown.map(({ text, isBold }, at) => ({ text: at === 0 ? text : `, ${text}`, isBold }))
  return more === 0 ? parts : [...parts, { text: ` + ${more}`, isBold: false }]
}

function text(group: Group): string {
  return names(group)
    .map((part) => part.text)
    .join('')
}

/** What is used of a document; the library's own types want that of a browser. */
interface Nodes {
  createElementNS(namespace: string, name: string): Node
}
interface Node {
  textContent: string
  setAttribute(name: string, value: string): void
  append(...nodes: Node[]): void
}

function element(document: unknown, name: string, attributes: Record<string, string | number>): Node {
  const node = (document as Nodes).createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value))
  return node
}

function label(document: unknown, group: Group, { x, y }: Placed): Node {
  const node = element(document, 'text', { x, y, dy: '0.34em', class: 'halo' })
  for (const part of names(group)) {
    const span = element(document, 'tspan', part.isBold ? { 'font-weight': 700 } : {})
    span.textContent = part.text
    node.append(span)
  }
  return node
}

/** From the point to the near end of its name. */
function leader(document: unknown, anchor: { x: number; y: number; width: number }, { x, y }: Placed): Node {
  const end = Math.max(x, Math.min(x + anchor.width, anchor.x))
  const above = end === anchor.x ? Math.sign(anchor.y - y) * (LINE / 2) : 0
  return element(document, 'path', {
    d: `M${anchor.x},${anchor.y}L${end},${y + above}`,
    stroke: 'var(--ink-3)',
    'stroke-width': 0.8,
    fill: 'none',
  })
}
