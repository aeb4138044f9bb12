import { COST_ASSUMPTIONS, type CostAssumption, withCost } from '../sim/index.ts'
import type { ComparedPolicy, Sensitivity } from './compare-result.ts'
import { type FleetOutcome, type FleetPolicy, meanOf } from './fleet-run.ts'
import type { Trial } from './host-run.ts'

/** The assumed costs that passes are made of. The others act on how long guests take to start and to end. */
const SWEPT: readonly CostAssumption[] = COST_ASSUMPTIONS.filter(({ name }) =>
  ['ipiPerCpuNs', 'taskSwitchNs', 'scanContentionNs', 'batchContention', 'irqNs'].includes(name),
)

/** Every trial again, with each of those costs at the low and at the high end of its range. */
export function sweepTrials(base: readonly Trial[]): Trial[] {
  return SWEPT.flatMap(({ name, low, high }) =>
    [low, high].flatMap((value) => base.map(({ policy, costs }) => ({ policy, costs: withCost(costs, name, value) }))),
  )
}

/** @param fleet the outcome of the trials, followed by that of their `sweepTrials` */
export function sensitivityOf(fleet: FleetOutcome, policies: readonly ComparedPolicy[], versus: string): Sensitivity {
  const cases = SWEPT.map(({ name, unit, low, value, high }, nth) => {
    const from = policies.length * (1 + 2 * nth)
    return {
      parameter: name,
      unit,
      low,
      value,
      high,
      policies: policies.map(({ name: policy }, i) => {
        const ends = [fleet.trials[from + i], fleet.trials[from + policies.length + i]].map(figures)
        const pair = (of: Figure) => [ends[0][of], ends[1][of]] as const
        return { policy, coverageLost: pair('coverageLost'), cpuNs: pair('cpuNs'), stallNsMax: pair('stallNsMax') }
      }),
    }
  })
  return { cases, conclusions: conclusionsOf(cases, policies, versus) }
}

type Figure = 'coverageLost' | 'cpuNs' | 'stallNsMax'

function figures({ bins, passes }: FleetPolicy): Record<Figure, number> {
  const coverageLost = Math.max(0, meanOf(bins, 'ideal') - meanOf(bins, 'coverage'))
  return { coverageLost, cpuNs: passes.cpuNs, stallNsMax: passes.stallNsMax }
}

const SAYS: Readonly<Record<Figure, readonly [less: string, more: string]>> = {
  coverageLost: ['loses less coverage than', 'loses more coverage than'],
  cpuNs: ['costs less CPU time than', 'costs more CPU time than'],
  stallNsMax: ['interrupts a CPU for less time than', 'interrupts a CPU for more time than'],
}

/** How each policy stands against `versus`, and whether it does so at both ends of every range. */
function conclusionsOf(
  cases: Sensitivity['cases'],
  policies: readonly ComparedPolicy[],
  versus: string,
): Sensitivity['conclusions'] {
  const against = policies.find(({ name }) => name === versus)
  if (against === undefined) return []
  const others = policies.filter(({ name, isBound }) => name !== versus && !isBound)
  return others.flatMap((policy) =>
    (Object.keys(SAYS) as Figure[]).flatMap((figure) => {
      const sign = Math.sign(policy[figure] - against[figure])
      if (sign === 0) return []
      const failsAt = cases.flatMap((one) => {
        const at = (name: string) => one.policies.find((p) => p.policy === name)?.[figure] ?? [0, 0]
        const [mine, theirs] = [at(policy.name), at(versus)]
        const ends = [one.low, one.high]
        return ends.flatMap((value, end) =>
          Math.sign(mine[end] - theirs[end]) === sign
            ? []
            : [`${one.parameter} ${value}${one.unit === 'share' ? '' : ` ${one.unit}`}`],
        )
      })
      const sentence = `${policy.name} ${SAYS[figure][sign < 0 ? 0 : 1]} ${versus}`
      return [{ sentence, survives: failsAt.length === 0, failsAt }]
    }),
  )
}
