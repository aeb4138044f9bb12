import type { Ns } from '../../arch/index.ts'
import { type Costs, costOf, withCost } from '../../sim/index.ts'
import type { Experiments, Reading } from './experiments.ts'
import { costsFrom, type ParameterValues, parameterOf } from './parameters.ts'

/** Costs that the fit moves. */
const MOVED = ['summaryNs.node', 'summaryNs.socket', 'summaryNs.remote', 'cachedNs', 'cachedContentionNs', 'wakeNs']

/** How far each is moved to see what it does: far enough that whole nanoseconds do not matter. */
const MOVE = 1.2

/** A reading and what each moved cost adds to it for each nanosecond of its own. */
interface Plane {
  readonly at: Reading
  readonly slopes: readonly Reading[]
}

/**
 * What the simulator would measure, for any values of the parameters. The time of everything is a sum of costs, so that a few runs
 * of the simulator say all that it ever could, but for rounding to whole nanoseconds; a test holds both against each other.
 */
export class SimulatedModel {
  readonly #experiments: Experiments
  readonly #base: Costs
  readonly #planes = new Map<string, Plane>()

  /** @param base costs to start from: their assumed part is the model's */
  constructor(experiments: Experiments, base: Costs) {
    this.#experiments = experiments
    this.#base = base
  }

  /** What the experiment would measure, by the plane through a few of its readings. */
  predictNs(id: string, values: ParameterValues): Ns {
    const { at, slopes } = this.#planeOf(id)
    const costs = costsFrom(values, this.#base)
    let { freeNs, deepNs } = at
    MOVED.forEach((name, i) => {
      const by = costOf(costs, name) - costOf(this.#base, name)
      freeNs += by * slopes[i].freeNs
      deepNs += by * slopes[i].deepNs
    })
    return mixed(values, { freeNs, deepNs })
  }

  /** The same by making the experiment. */
  simulateNs(id: string, values: ParameterValues): Ns {
    return mixed(values, this.#experiments.all[id](costsFrom(values, this.#base)))
  }

  #planeOf(id: string): Plane {
    let plane = this.#planes.get(id)
    if (plane === undefined) {
      const experiment = this.#experiments.all[id]
      const at = experiment(this.#base)
      const slopes = MOVED.map((name) => {
        const cost = costOf(this.#base, name)
        const moved = experiment(withCost(this.#base, name, cost * MOVE))
        const by = cost * (MOVE - 1)
        return { freeNs: (moved.freeNs - at.freeNs) / by, deepNs: (moved.deepNs - at.deepNs) / by }
      })
      this.#planes.set(id, (plane = { at, slopes }))
    }
    return plane
  }
}

function mixed(values: ParameterValues, { freeNs, deepNs }: Reading): Ns {
  const share = parameterOf(values, 'deepShare')
  return (1 - share) * freeNs + share * deepNs
}
