import { IDEAL } from './ideal.ts'
import { NONE } from './none.ts'
import type { Policy } from './policy.ts'
import { V10 } from './v10.ts'

export type { Policy } from './policy.ts'

/** All policies by name, in the order people are shown them. */
export const POLICIES: readonly Policy[] = [V10, NONE, IDEAL]

export function policyNamed(name: string): Policy | undefined {
  return POLICIES.find((policy) => policy.name === name)
}
