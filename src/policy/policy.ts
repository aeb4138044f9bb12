import type { RmpoptDriver } from '../kernel/index.ts'

/** A way to drive RMPOPT: the kernel's driver, and whether the hardware is to do it all by itself. */
export interface Policy extends RmpoptDriver {
  /** Every eligible region is optimised at once, free of charge: no machine does that, it is the upper bound. */
  readonly isOracle: boolean
}
