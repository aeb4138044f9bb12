import type { CompareResult } from '../../../lab/index.ts'
import { bestOther, versusOf } from '../../words/standing.ts'

/** How a policy is drawn, the same in every figure: never told apart by colour alone. */
export interface Look {
  /** A variable of the style sheet, so that one drawing serves light and dark. */
  readonly colour: string
  readonly dash: string
  readonly width: number
  readonly symbol: 'diamond2' | 'square2' | 'triangle2' | 'hexagon' | 'cross' | 'circle'
  /** Whether it stands out, or is one of many. */
  readonly isNamed: boolean
}

export type Looks = ReadonlyMap<string, Look>

/** `versus` and the best other stand out most, a few more of the front less, the rest is grey. */
export function looksOf(result: CompareResult): Looks {
  const [versus, best] = [versusOf(result), bestOther(result)]
  const front = result.policies.filter((policy) => policy.isOnFront && !policy.isBound && policy !== versus && policy !== best)
  const named = new Map([
    ...front.slice(0, MORE.length).map(({ name }, at) => [name, MORE[at]] as const),
    ...(best === undefined ? [] : [[best.name, BEST] as const]),
    ...(versus === undefined ? [] : [[versus.name, VERSUS] as const]),
    ...result.policies.filter(({ isBound }) => isBound).map(({ name }) => [name, name === 'ideal' ? IDEAL : BOUND] as const),
  ])
  return new Map(result.policies.map(({ name }) => [name, named.get(name) ?? OTHER]))
}

const VERSUS: Look = { colour: 'var(--versus)', dash: '', width: 2.4, symbol: 'diamond2', isNamed: true }
const BEST: Look = { colour: 'var(--best)', dash: '7 3', width: 2.2, symbol: 'square2', isNamed: true }
const MORE: readonly Look[] = [
  { colour: 'var(--third)', dash: '2 2', width: 2, symbol: 'triangle2', isNamed: true },
  { colour: 'var(--fourth)', dash: '8 3 2 3', width: 2, symbol: 'hexagon', isNamed: true },
  { colour: 'var(--fifth)', dash: '4 2', width: 2, symbol: 'cross', isNamed: true },
]
const OTHER: Look = { colour: 'var(--other)', dash: '', width: 1, symbol: 'circle', isNamed: false }
/** Bounds are drawn in ink: they are not among the choices. */
export const IDEAL: Look = { colour: 'var(--ink)', dash: '1 3', width: 1.6, symbol: 'circle', isNamed: true }
const BOUND: Look = { colour: 'var(--ink)', dash: '6 4', width: 1, symbol: 'circle', isNamed: true }
