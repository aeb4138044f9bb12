/** When to re-optimise, what to scan, who executes: the revisions, what reviewers proposed, and any other point of the space. */
export { composePolicy } from './axes/compose.ts'
export { executePass } from './axes/execute.ts'
export { type PolicySpec, policyProblem, WHATS, WHOS, type When, type Who } from './axes/spec.ts'
export { sentence } from './axes/words.ts'
export { BASES } from './base.ts'
export { POLICIES, policyNamed, policyOf } from './policies.ts'
export type { Policy } from './policy.ts'
export { V10 } from './revisions/v10.ts'
