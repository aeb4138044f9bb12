/** Hardware that is wrong in one thing, each with a program in which it can be seen and the property that must see it. */
import type { HardwareMutants } from './hardware-mutant.ts'
import { BROADCAST_MUTANTS } from './hardware-mutants-broadcast.ts'
import { ENTRIES_MUTANTS } from './hardware-mutants-entries.ts'
import { MANUAL_MUTANTS } from './hardware-mutants-manual.ts'
import { PLATFORM_MUTANTS } from './hardware-mutants-platform.ts'
import { RMPOPT_MUTANTS } from './hardware-mutants-rmpopt.ts'

export const HARDWARE_MUTANTS: HardwareMutants = {
  ...BROADCAST_MUTANTS,
  ...RMPOPT_MUTANTS,
  ...ENTRIES_MUTANTS,
  ...PLATFORM_MUTANTS,
  ...MANUAL_MUTANTS,
}
