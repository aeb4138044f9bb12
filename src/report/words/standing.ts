import type { ComparedPolicy, CompareResult } from '../../lab/index.ts'

/** What counts for and against a policy: of each figure less is better. */
export const COUNTED = ['coverageLost', 'cpuNs', 'stallNsMax', 'keptBytes'] as const
export type Counted = (typeof COUNTED)[number]

/** The policy that the others are held against; `undefined` if the result does not hold it. */
export function versusOf({ policies, versus }: CompareResult): ComparedPolicy | undefined {
  return policies.find(({ name }) => name === versus)
}

/** What somebody could run: all but the bounds. */
export function runnable({ policies }: CompareResult): ComparedPolicy[] {
  return policies.filter(({ isBound }) => !isBound)
}

/** No worse in any figure that counts, and better in one: what `isOnFront` asks. */
export function beats(policy: ComparedPolicy, other: ComparedPolicy): boolean {
  return COUNTED.every((figure) => policy[figure] <= other[figure]) && COUNTED.some((figure) => policy[figure] < other[figure])
}

/** The policy to show beside `versus`. */
export function bestOther({ policies, best }: CompareResult): ComparedPolicy | undefined {
  return policies.find(({ name }) => name === best)
}
