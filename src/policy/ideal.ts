import { NONE } from './none.ts'
import type { Policy } from './policy.ts'

/** Every eligible region is optimised on every core the moment it becomes eligible, free of charge: the upper bound. */
export const IDEAL: Policy = {
  ...NONE,
  name: 'ideal',
  summary: 'every eligible region optimised at once, free of charge: the upper bound',
  isOracle: true,
}
