import { composePolicy } from './axes/compose.ts'
import type { PolicySpec } from './axes/spec.ts'
import { IDEAL, NONE } from './bounds.ts'
import { MARKED } from './marked.ts'
import { V10_MENDED } from './mended.ts'
import type { Policy } from './policy.ts'
import { PROPOSALS } from './proposals.ts'
import { V1 } from './revisions/v1.ts'
import { V2 } from './revisions/v2.ts'
import { V3, V4 } from './revisions/v3.ts'
import { V5 } from './revisions/v5.ts'
import { V6, V7 } from './revisions/v6.ts'
import { V8 } from './revisions/v8.ts'
import { V9, V10 } from './revisions/v10.ts'

/** All policies by name, in the order people are shown them: the revisions, what reviewers proposed, our own, the bounds. */
export const POLICIES: readonly Policy[] = [
  ...[V1, V2, V3, V4, V5, V6, V7, V8, V9, V10],
  ...PROPOSALS.map(composePolicy),
  ...[V10_MENDED, MARKED, NONE, IDEAL],
]

export function policyNamed(name: string): Policy | undefined {
  return POLICIES.find((policy) => policy.name === name)
}

/** The policy that a name or a point of the space stands for. @throws for a name that is none */
export function policyOf(policy: string | PolicySpec): Policy {
  const found = typeof policy === 'string' ? policyNamed(policy) : composePolicy(policy)
  if (found === undefined) throw new Error(`assertion failed: ${policy} is the name of a policy`)
  return found
}
