import type { Policy } from './policy.ts'

/** SNP is on and RMPOPT is never executed: every write of the host and of ordinary guests is checked. */
export const NONE: Policy = {
  name: 'none',
  summary: 'SNP on, RMPOPT never executed: the lower bound',
  when: 'never',
  what: '-',
  who: '-',
  keptBytes: () => 0,
}

/** Every eligible region is optimised on every core the moment it becomes eligible, free of charge: the upper bound. */
export const IDEAL: Policy = {
  name: 'ideal',
  summary: 'every eligible region optimised at once, free of charge: the upper bound',
  when: 'at once',
  what: 'eligible regions',
  who: 'the hardware',
  keptBytes: () => 0,
  isOracle: true,
}
