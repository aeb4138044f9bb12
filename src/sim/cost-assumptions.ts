import { assert } from '../arch/index.ts'
import { type Assumption, choice } from '../machine/index.ts'
import { COSTS, type Costs } from './costs.ts'

/** A cost that no measurement determines: what it is taken to be, and between which bounds it may as well be. */
export interface CostAssumption {
  /** Field of `Costs`; a dot leads to a field of a field. */
  readonly name: string
  readonly unit: 'ns' | 'share'
  readonly value: number
  readonly low: number
  readonly high: number
  readonly why: string
  readonly source: string
}

const assume = (name: string, [low, high]: readonly [number, number], why: string, source = '[A]'): CostAssumption => {
  const unit = name === 'batchContention' ? 'share' : 'ns'
  return { name, unit, value: costOf(COSTS, name), low, high, why, source }
}

/** Orders of magnitude: half to twice. */
const about = (name: string, why: string): CostAssumption => {
  const value = costOf(COSTS, name)
  return assume(name, [value / 2, value * 2], why)
}

/** All costs that are assumed: what a sensitivity sweep walks. */
export const COST_ASSUMPTIONS: readonly CostAssumption[] = [
  assume(
    'ipiPerCpuNs',
    [30, 85],
    'a cache line of each CPU is written, sent to, and read back; 85 if it were all of a first-page pass',
    '[A] §8',
  ),
  assume('taskSwitchNs', [500, 3000], 'workqueue, completion and scheduler on a CPU that has woken up', '[A] §8'),
  assume('scanContentionNs', [0, 80], 'not determined by §8; 80 if broadcast to all CPUs were nothing but scanning', '[A] §8'),
  assume('batchContention', [0, 1], 'cores that go on to the next region one after the other may not meet again'),
  assume('irqNs', [300, 3000], 'not measured; the upper end is an exit from a guest and the way back'),
  assume('reportNs', [5, 100], 'reads a bit of the core’s own table'),
  assume('rmpupdateNs', [200, 5000], 'not measured'),
  assume('clearBroadcastNs', [200, 20_000], 'not measured; paid whether or not a bit was set', '[A] §6.8'),
  about('instructionNs.PSMASH', 'writes 512 entries'),
  about('instructionNs.RMPREAD', 'one read of memory'),
  about('instructionNs.PVALIDATE', 'not measured'),
  about('instructionNs.RMPADJUST', 'not measured'),
  about('instructionNs.RMPQUERY', 'one read of memory'),
  about('instructionNs.WRMSR', 'not measured'),
  about('instructionNs.RDMSR', 'not measured'),
  assume('instructionNs.WBINVD', [500_000, 20_000_000], 'writes back what is dirty in a large cache'),
  about('clearRmpGibNs', 'about 10 GB/s'),
  about('cpuWorkNs.clear 4K page', 'about 20 GB/s'),
  about('cpuWorkNs.clear 2M page', 'about 20 GB/s'),
  about('cpuWorkNs.free 4K folio', 'not measured'),
  about('cpuWorkNs.free 2M folio', 'not measured'),
  about('firmwareNs.SNP_INIT_EX', 'not measured; the security processor is slow'),
  about('firmwareNs.SNP_SHUTDOWN_EX', 'not measured'),
  about('firmwareNs.SNP_GCTX_CREATE', 'not measured'),
  about('firmwareNs.SNP_ACTIVATE', 'not measured'),
  about('firmwareNs.SNP_LAUNCH_UPDATE', 'encrypts and measures a page'),
  about('firmwareNs.SNP_LAUNCH_FINISH', 'not measured'),
  about('firmwareNs.SNP_DECOMMISSION', 'not measured'),
  about('firmwareNs.SNP_PAGE_RECLAIM', 'not measured'),
  about('firmwareNs.SNP_PAGE_UNSMASH', 'not measured'),
  about('firmwareNs.SNP_DF_FLUSH', 'not measured'),
]

/** A cost by name, such as `irqNs` or `instructionNs.PSMASH`. */
export function costOf(costs: Costs, name: string): number {
  const [field, part] = path(name)
  const value: unknown = costs[field as keyof Costs]
  const cost = part === undefined ? value : (value as Record<string, unknown> | undefined)?.[part]
  assert(typeof cost === 'number', `there is a cost ${name}`)
  return cost
}

/** The same costs with one of them changed. */
export function withCost(costs: Costs, name: string, value: number): Costs {
  costOf(costs, name)
  const [field, part] = path(name)
  if (part === undefined) return { ...costs, [field]: value }
  return { ...costs, [field]: { ...(costs[field as keyof Costs] as object), [part]: value } }
}

/** Field, and field of the field: names of the latter hold spaces, never dots. */
function path(name: string): [field: string, part: string | undefined] {
  const [field, part] = name.split('.')
  return [field, part]
}

/** The costs as assumptions for people: fitted ones, assumed ones with their range, and how they act. */
export function costAssumptions(costs: Costs): Assumption[] {
  const { node, socket, remote } = costs.summaryNs
  const near = [node, socket, remote].map((ns) => ns.toPrecision(3)).join('/')
  const fitted = [
    ['summaryNs', `${near} ns`, 'own node, own socket, other socket'],
    ['cachedNs', `${costs.cachedNs} ns`, 'taking a stored result'],
    ['cachedContentionNs', `${costs.cachedContentionNs} ns`, 'for each core ahead that takes the same result'],
    ['wakeNs', `${costs.wakeNs} ns`, 'reaching an idle CPU by interrupt, and hearing back'],
  ].map(([name, value, why]) => choice(name, value, `${why}; fitted: see rmpopt calibrate`, '[L v2 review] §8'))
  const assumed = COST_ASSUMPTIONS.map(({ name, low, high, why, source }) =>
    choice(
      name,
      name === 'batchContention' ? String(costs.batchContention) : `${costOf(costs, name)} ns`,
      `${low} to ${high}: ${why}`,
      source,
    ),
  )
  return [
    ...fitted,
    ...assumed,
    choice('RMPOPT', 'no base cost', 'an RMPOPT that fails on the first page takes what reading one summary takes', '[A] §8'),
    choice(
      'first core',
      'scans for all',
      'a broadcast to cores that find no stored result: one scans, the others wait',
      '[A] §8',
    ),
    choice(
      'queue',
      'by core number',
      'those who wait for a result take it in order of their interrupts; else all would wait the mean',
    ),
    choice('siblings', 'wait together', 'the threads of a core share its table and its place in the queue', '[A] §6.1'),
    choice('publish', 'together', 'the bits of a broadcast appear when its slowest CPU is done, at most some 0.1 ms late', '[A]'),
    choice('4K runs', 'together', 'the 4K updates of one huge page take effect when the last of them is done', '[A]'),
  ]
}
