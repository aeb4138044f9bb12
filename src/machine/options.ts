import { AMD64, TIB } from '../arch/index.ts'

/** What an RMPOPT table reaches: 2048 regions of 1 GiB [L v1]. */
const TABLE_REACH_BYTES = 2 * TIB

/** Where the manual is silent and a choice must be made, the choice has a name; and so has hardware that does not exist. */
export interface MachineOptions {
  /** RMPOPT on a region outside the table's reach or not covered by the RMP. */
  readonly outOfReach: 'report-0' | 'unspecified'
  /** RMPUPDATE in a region drops its cached scan result. */
  readonly rmpupdateDropsCachedResult: boolean
  /** Disabling SNP clears all RMPOPT tables. */
  readonly snpDisableClearsTables: boolean
  /** Moving or disabling RMPOPT_BASE empties the core's table. */
  readonly baseChangeClearsTable: boolean
  /** What-if: memory that one table reaches from RMPOPT_BASE on, in bytes. The hardware: 2 TiB [L v1]. */
  readonly tableReachBytes: number
  /** What-if: bytes of a region, a power of two from 2 MiB on. The hardware: 1 GiB [L v1]. */
  readonly regionBytes: number
  /** What-if: an RMPOPT that succeeds sets the bit on every core whose table reaches the region. The hardware: its own core only [L v2]. */
  readonly successBroadcast: boolean
  /** A successful scan leaves a result that later cores take over [L v2]. What-if: off. */
  readonly resultCache: boolean
  /** What-if: SNP comes up optimised: SNP_INIT_EX enables every core's table, from the lowest page on, with all bits that may be set. */
  readonly comesUpOptimised: boolean
}

export const DEFAULT_MACHINE_OPTIONS: MachineOptions = {
  outOfReach: 'report-0',
  rmpupdateDropsCachedResult: true,
  snpDisableClearsTables: true,
  baseChangeClearsTable: true,
  tableReachBytes: TABLE_REACH_BYTES,
  regionBytes: AMD64.regionBytes,
  successBroadcast: false,
  resultCache: true,
  comesUpOptimised: false,
}

/** One thing that the model assumes and nobody has published. */
export interface Assumption {
  /** Name; of an option, its field. */
  readonly name: string
  /** What the model does. */
  readonly value: string
  /** What else could be so, and why this was chosen. */
  readonly why: string
  /** Source tag, with the section of the reference where there is one. */
  readonly source: string
  /** Whether it can be changed, and where. */
  readonly option: boolean
}

/** A choice that nobody can change. */
export function choice(name: string, value: string, why: string, source = '[A]'): Assumption {
  return { name, value, why, source, option: false }
}

/** What the machine assumes under `options`. */
export function machineAssumptions(options: MachineOptions): Assumption[] {
  const option = (name: keyof MachineOptions, why: string, source: string): Assumption => ({
    ...choice(name, String(options[name]), why, source),
    option: true,
  })
  return [
    option('outOfReach', 'RMPOPT outside the table or the RMP: CF=0, or reported as unspecified', '[A] §6.7'),
    option('rmpupdateDropsCachedResult', 'a cached "nothing assigned" would be wrong after a page was assigned', '[A] §6.11'),
    option('snpDisableClearsTables', 'SNP_INIT clears the tables [L v8]; disabling SNP is taken to do so too', '[A] §6.13'),
    option('baseChangeClearsTable', 'the bits count from RMPOPT_BASE: kept, they would speak of other regions', '[A]'),
    option('tableReachBytes', 'what-if: a real table reaches 2 TiB', '[L v1] §6.2'),
    option('regionBytes', 'what-if: a real region has 1 GiB', '[L v1] §6.2'),
    option('successBroadcast', 'what-if: a real RMPOPT serves its own core only', '[L v2] §6.10'),
    option('resultCache', 'what-if when off: a successful scan is stored for the cores that come later', '[L v2–v4] §6.11'),
    option('comesUpOptimised', 'what-if: real hardware comes up with no region optimised', '[L v1] §1'),
    choice(
      'unaligned-or-unknown-function',
      'unspecified',
      'RMPOPT with an unaligned SPA or RCX above 1 is not documented',
      '[A] §6.7',
    ),
    choice('rmpopt-cpl', '#GP', 'RMPOPT at CPL > 0 faults as other privileged instructions do', '[A] §6.4'),
    choice('rmpopt-base-enable', '#GP', 'enabling RMPOPT_BASE without SNP_EN or a segmented RMP faults', '[A] §6.3'),
    choice(
      'rmpopt-verdict',
      'at the start',
      'the scan reads the RMP when it starts; a page assigned before it ends voids it',
      '[A] §6.5, §6.9',
    ),
    choice('failed-result', 'not cached', 'only a successful scan leaves a result for the next core', '[A] §6.11'),
    choice('snp-en-off', '#GP', 'WRMSR cannot clear SNP_EN; firmware can (full shutdown)', '[APM]'),
    choice('rmp-msrs-locked', '#GP', 'RMP_BASE, RMP_END and RMP_CFG cannot be written once any CPU has SNP_EN', '[APM]'),
    choice(
      'unassigned-entry',
      'no size',
      'an entry made shared is the default one, so a 4K update inside a former 2M page needs no PSMASH',
      '[K]',
    ),
    choice(
      'rmpupdate-flush',
      'overlapping',
      'RMPUPDATE drops every cached translation that reaches into the page on every CPU',
      '[A] §5',
    ),
    choice(
      'snp-flush',
      'all translations',
      'SNP_INIT_EX and a full shutdown drop them on every CPU, setting SNP_EN on its own: none outlives the checks it was filled without',
      '[A] §5',
    ),
    choice(
      'unchecked-fill',
      'whole mapping',
      'a translation filled under an optimisation keeps the mapping’s size, up to the region',
      '[A] §3, §5',
    ),
    choice('no-entry', 'nobody’s', 'memory without RMP entries may be written by anyone', '[A] §5'),
    choice('snp-instructions-off', '#UD', 'RMPUPDATE, PSMASH, RMPREAD and the guest instructions without SNP_EN', '[APM]'),
    choice('pre-swap', 'refused', 'an immutable page is not accessible to its guest either', '[A] §4, §5'),
    choice(
      'concurrent-rmpupdate',
      'FAIL_INUSE or FAIL_OVERLAP',
      'on the same entry; on another one of the same 2 MiB',
      '[K, APM] §2',
    ),
    choice(
      'firmware-meets-lock',
      'INVALID_PAGE_STATE',
      'a firmware command on an entry that an RMPUPDATE in flight has locked is refused',
      '[A] §4',
    ),
    choice('legacy-shutdown-pages', 'kept', 'after a legacy shutdown the RMP’s own memory stays firmware-owned', '[A] §7'),
  ]
}
