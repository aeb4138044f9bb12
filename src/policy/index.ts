/** When to re-optimise, what to scan, who executes: the revisions, and the bounds they are measured against. */
export { POLICIES, type Policy, policyNamed } from './policies.ts'
export { V10 } from './v10.ts'
