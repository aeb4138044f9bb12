import { expect, test } from 'vitest'
import { placeLabels } from './labels.ts'

const WITHIN = { left: 0, top: 0, right: 400, bottom: 300 }

test('a name stands right of its point where there is room, else left', () => {
  const places = placeLabels(
    [
      { x: 100, y: 150, width: 40 },
      { x: 390, y: 50, width: 40 },
    ],
    14,
    WITHIN,
    [],
  )
  expect(places[0]).toEqual({ x: 109, y: 150, hasLeader: false })
  expect(places[1].x + 40).toBeLessThan(390)
})

test('names of crowded points neither cover one another nor leave the plot', () => {
  const anchors = Array.from({ length: 12 }, (_, at) => ({ x: 200 + 8 * (at % 4), y: 150 + 9 * Math.floor(at / 4), width: 48 }))
  const boxes = placeLabels(anchors, 14, WITHIN, []).map(({ x, y }) => ({ left: x, right: x + 48, top: y - 7, bottom: y + 7 }))
  for (const [at, box] of boxes.entries()) {
    expect(box.left >= 0 && box.right <= 400 && box.top >= 0 && box.bottom <= 300).toBe(true)
    const covered = boxes
      .slice(0, at)
      .filter((b) => b.left < box.right && box.left < b.right && b.top < box.bottom && box.top < b.bottom)
    expect(covered).toEqual([])
  }
})

test('a name keeps off a line', () => {
  const line = { left: 100, right: 400, top: 149, bottom: 151 }
  const [{ x }] = placeLabels([{ x: 100, y: 150, width: 40 }], 14, WITHIN, [line])
  expect(x + 40).toBeLessThan(100)
})
