import type { ComparedPolicy } from './compare-result.ts'

/** What counts against a policy. */
const COUNTED = ['coverageLost', 'cpuNs', 'stallNsMax', 'keptBytes'] as const
type Figures = Pick<ComparedPolicy, (typeof COUNTED)[number]>

/** No worse in any figure that counts, and better in one. */
export function beats(policy: Figures, other: Figures): boolean {
  return COUNTED.every((figure) => policy[figure] <= other[figure]) && COUNTED.some((figure) => policy[figure] < other[figure])
}

/** Marks those that no other policy beats. Bounds are no policies. */
export function onFront(policies: readonly ComparedPolicy[]): ComparedPolicy[] {
  const real = policies.filter(({ isBound }) => !isBound)
  return policies.map((policy) => ({ ...policy, isOnFront: !policy.isBound && !real.some((other) => beats(other, policy)) }))
}

/**
 * The policy to show beside `versus`: one that beats it, else one on the front, else any; of several the one that loses least
 * coverage, then takes least CPU time, then comes first.
 */
export function bestOther(policies: readonly ComparedPolicy[], versus: string): string | undefined {
  const against = policies.find(({ name }) => name === versus)
  const others = policies.filter(({ name, isBound }) => !isBound && name !== versus)
  const better = against === undefined ? [] : others.filter((policy) => beats(policy, against))
  const candidates = [better, others.filter(({ isOnFront }) => isOnFront), others].find(({ length }) => length > 0) ?? []
  return [...candidates].sort((a, b) => a.coverageLost - b.coverageLost || a.cpuNs - b.cpuNs)[0]?.name
}
