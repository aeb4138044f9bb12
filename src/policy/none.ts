import type { Routine } from '../kernel/index.ts'
import type { Policy } from './policy.ts'

function* nothing(): Routine<void> {}

/** SNP is on and RMPOPT is never executed: every write of the host and of ordinary guests is checked. */
export const NONE: Policy = {
  name: 'none',
  summary: 'SNP on, RMPOPT never executed: the lower bound',
  isOracle: false,
  setup: nothing,
  vmDestroyed: nothing,
  cleanup: nothing,
}
