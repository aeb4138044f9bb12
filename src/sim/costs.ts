import { MS, type Ns, US } from '../arch/index.ts'
import type { CpuWork } from '../kernel/index.ts'
import type { FirmwareCommand, Instruction } from '../machine/index.ts'
import { CALIBRATED } from './calibrated.ts'

/**
 * What things cost, in nanoseconds. They may be fractions; every operation that is made of them takes whole nanoseconds, so
 * that sums do not depend on their order.
 *
 * The first four are fitted to measurements (`rmpopt calibrate`); the others are assumed (`cost-assumptions.ts`).
 */
export interface Costs {
  /** RMPOPT reads one 2 MiB summary that lies on the reader's node, on another of its socket, on another socket. */
  readonly summaryNs: SummaryNs
  /** RMPOPT takes a result that another core has stored, alone. */
  readonly cachedNs: Ns
  /** What each core ahead of it adds to a core that takes the same stored result at the same time. */
  readonly cachedContentionNs: Ns
  /** From an interrupt being sent to an idle CPU until it runs the handler and its answer is seen. */
  readonly wakeNs: Ns

  /** What each core ahead of it adds to a core that scans all of the same region at the same time; of a part, a part of it. */
  readonly scanContentionNs: Ns
  /** Share of `cachedContentionNs` that the second and later regions of one interrupt still pay: 0..1. */
  readonly batchContention: number
  /** Preparing a cross call for one remote CPU, sending it, and collecting its answer. */
  readonly ipiPerCpuNs: Ns
  /** Putting a task on a CPU that has been woken: queueing it, switching to it. */
  readonly taskSwitchNs: Ns
  /** What an interrupt takes from the interrupted besides its handler: entering and leaving, out of a guest and back. */
  readonly irqNs: Ns
  /** RMPOPT(report). */
  readonly reportNs: Ns
  readonly rmpupdateNs: Ns
  /** What the broadcast clear adds to an RMPUPDATE that assigns, and to PSMASH. */
  readonly clearBroadcastNs: Ns
  /** The other instructions. */
  readonly instructionNs: { readonly [Name in Exclude<Instruction['name'], 'RMPOPT' | 'RMPUPDATE'>]: Ns }
  /** Zeroing a GiB of RMP. */
  readonly clearRmpGibNs: Ns
  readonly cpuWorkNs: { readonly [What in CpuWork]: Ns }
  readonly firmwareNs: { readonly [Name in FirmwareCommand['name']]: Ns }
}

export interface SummaryNs {
  readonly node: Ns
  readonly socket: Ns
  readonly remote: Ns
}

/** Times of reading a summary: `meanNs` on the own socket, 1 + `spread` times less on the own node, as much more on another socket. */
export function summaryTimes(meanNs: Ns, spread: number): SummaryNs {
  return { node: meanNs / (1 + spread), socket: meanNs, remote: meanNs * (1 + spread) }
}

const { summaryNs, numaSpread, ...fitted } = CALIBRATED

/** Where the assumed ones come from, and how far off they may be, is said in `cost-assumptions.ts`. */
export const COSTS: Costs = {
  ...fitted,
  summaryNs: summaryTimes(summaryNs, numaSpread),
  scanContentionNs: 0,
  batchContention: 1,
  ipiPerCpuNs: 60,
  taskSwitchNs: 1500,
  irqNs: 1 * US,
  reportNs: 10,
  rmpupdateNs: 1 * US,
  clearBroadcastNs: 2 * US,
  instructionNs: {
    PSMASH: 5 * US,
    RMPREAD: 100,
    PVALIDATE: 1 * US,
    RMPADJUST: 1 * US,
    RMPQUERY: 100,
    WRMSR: 500,
    RDMSR: 100,
    WBINVD: 2 * MS,
  },
  clearRmpGibNs: 100 * MS,
  cpuWorkNs: {
    'clear 4K page': 200,
    'clear 2M page': 100 * US,
    'free 4K folio': 300,
    'free 2M folio': 2 * US,
  },
  firmwareNs: {
    SNP_INIT_EX: 500 * MS,
    SNP_SHUTDOWN_EX: 100 * MS,
    SNP_GCTX_CREATE: 1 * MS,
    SNP_ACTIVATE: 1 * MS,
    SNP_LAUNCH_UPDATE: 100 * US,
    SNP_LAUNCH_FINISH: 2 * MS,
    SNP_DECOMMISSION: 1 * MS,
    SNP_PAGE_RECLAIM: 100 * US,
    SNP_PAGE_UNSMASH: 100 * US,
    SNP_DF_FLUSH: 10 * MS,
  },
}
