import type { ComparedFigure, ComparedPolicy, CompareResult } from '../lab/index.ts'

/** What `meta` says of a file whose tables are these. It changes whenever they do. */
export const RESULTS_SCHEMA = 'rmpopt.results/1'

export type ColumnType = 'VARCHAR' | 'VARCHAR[]' | 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN'
export type Value = string | number | boolean | null | readonly string[]

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly comment: string
  readonly isNullable?: boolean
}

/** A table of a file of results, but for its first column, `experiment`. */
export interface Table {
  readonly name: string
  readonly comment: string
  readonly columns: readonly Column[]
  /** Columns that, with `experiment`, tell rows apart. */
  readonly key: readonly string[]
  /** What a comparison puts there. */
  rows(result: CompareResult): Value[][]
}

/** A column, and where its value comes from. */
type Field<Row> = readonly [name: string, type: ColumnType | `${ColumnType}?`, comment: string, of: (row: Row) => Value]

function table<Row>(
  name: string,
  comment: string,
  key: readonly string[],
  rowsOf: (result: CompareResult) => readonly Row[],
  fields: readonly Field<Row>[],
): Table {
  const columns = fields.map(([column, type, about]) => ({
    name: column,
    type: type.replace('?', '') as ColumnType,
    comment: about,
    isNullable: type.endsWith('?'),
  }))
  return { name, comment, key, columns, rows: (result) => rowsOf(result).map((row) => fields.map(([, , , of]) => of(row))) }
}

const EXPERIMENTS = table<CompareResult>('experiments', 'One row for each comparison that was saved.', [], (result) => [result], [
  ['command', 'VARCHAR', 'The command line that makes the comparison again', (r) => r.command],
  ['host', 'VARCHAR', 'Preset of the hosts', (r) => r.host.name],
  ['host_memory_bytes', 'BIGINT', 'Memory of one host', (r) => r.host.memoryBytes],
  ['host_cores', 'INTEGER', 'Cores of one host', (r) => r.host.cores],
  ['host_cpus', 'INTEGER', 'Logical CPUs of one host', (r) => r.host.logicalCpus],
  ['hosts', 'INTEGER', 'Hosts in the fleet', (r) => r.hosts],
  ['simulated_ns', 'BIGINT', 'Simulated time', (r) => r.simulatedNs],
  ['trace', 'VARCHAR', 'The trace, or how VMs were generated', (r) => r.trace],
  ['placement', 'VARCHAR', 'Where guests are placed in memory', (r) => r.placement],
  ['backing', 'VARCHAR', 'Size of the folios behind guests', (r) => r.backing],
  ['snp_share', 'DOUBLE', 'Share of VM batches that were to be SNP guests, 0..1', (r) => r.snpShare],
  ['vms_requested', 'INTEGER', 'VMs in the trace', (r) => r.vms.requested],
  ['vms_placed', 'INTEGER', 'VMs that found a host', (r) => r.vms.placed],
  ['vms_rejected', 'INTEGER', 'VMs that found none', (r) => r.vms.rejected],
  ['vms_snp', 'INTEGER', 'SNP guests among the VMs placed', (r) => r.vms.snp],
  ['vms_failed', 'INTEGER', 'SNP guests whose launch failed', (r) => r.vms.failed],
  ['trace_rows_skipped', 'INTEGER', 'Bad rows of the trace that were left out', (r) => r.vms.skippedRows],
  ['seed', 'BIGINT', 'The first seed; figures are those of this one', (r) => r.seed],
  ['seeds_further', 'INTEGER', 'How many further seeds the table ranges comes from', (r) => r.seeds],
  ['versus', 'VARCHAR', 'The policy that the others are held against', (r) => r.versus],
  ['best', 'VARCHAR?', 'The other policy that does best against it; NULL: there is none', (r) => r.best ?? null],
  [
    'coverage_ideal',
    'DOUBLE',
    'Mean coverage if every eligible region were optimised at once, 0..1',
    (r) => r.ideal.coverageMean,
  ],
  ['blocked_16_pages', 'DOUBLE', 'Mean regions of a host blocked by 1 to 16 assigned pages', (r) => r.blockedRegions.upTo16Pages],
  ['blocked_512_pages', 'DOUBLE', 'The same by 17 to 512 pages', (r) => r.blockedRegions.upTo512Pages],
  ['blocked_32768_pages', 'DOUBLE', 'The same by 513 to 32768 pages', (r) => r.blockedRegions.upTo32768Pages],
  ['blocked_more_pages', 'DOUBLE', 'The same by more pages', (r) => r.blockedRegions.more],
  ['blocked_platform', 'DOUBLE', 'Of these: by pages of RMP and firmware only', (r) => r.blockedRegions.byPlatformOnly],
  [
    'blocked_kernel',
    'DOUBLE',
    'Of these: by those and context and VMSA pages of guests only',
    (r) => r.blockedRegions.byKernelPagesOnly,
  ],
  ['regions_beyond_reach', 'INTEGER', 'Regions of a host that no table reaches', (r) => r.blockedRegions.beyondReach],
])

const POLICIES = table<readonly [position: number, policy: ComparedPolicy]>(
  'policies',
  'One row for each policy of an experiment: what it brought and cost, all hosts together.',
  ['policy'],
  ({ policies }) => policies.map((policy, i) => [i + 1, policy]),
  [
    ['policy', 'VARCHAR', 'Name of the policy', ([, p]) => p.name],
    ['position', 'INTEGER', 'Its place in the comparison, from 1', ([position]) => position],
    ['summary', 'VARCHAR', 'The policy in a sentence', ([, p]) => p.summary],
    ['when_asked', 'VARCHAR', 'When a pass is asked for', ([, p]) => p.when],
    ['what_scanned', 'VARCHAR', 'What a pass goes over', ([, p]) => p.what],
    ['who_executes', 'VARCHAR', 'Who executes RMPOPT', ([, p]) => p.who],
    [
      'coverage_mean',
      'DOUBLE',
      'Optimised bytes ÷ bytes of hypervisor and ordinary guests, mean, 0..1',
      ([, p]) => p.coverageMean,
    ],
    ['coverage_of_ideal', 'DOUBLE', 'coverage_mean as a share of coverage_ideal, 0..1', ([, p]) => p.shareOfIdeal],
    ['coverage_lost', 'DOUBLE', 'coverage_ideal less coverage_mean, 0..1', ([, p]) => p.coverageLost],
    ['checks_skipped', 'DOUBLE', 'Coverage weighted by where the writers write, 0..1', ([, p]) => p.checksSkipped],
    ['passes', 'BIGINT', 'Passes that were made', ([, p]) => p.passes],
    ['cpu_ns', 'BIGINT', 'CPU time of all CPUs spent on RMPOPT', ([, p]) => p.cpuNs],
    ['cpu_share', 'DOUBLE', 'cpu_ns as a share of all CPU time, 0..1', ([, p]) => p.cpuShare],
    ['pass_mean_ns', 'DOUBLE', 'How long a pass took, mean', ([, p]) => p.wallNsMean],
    ['stall_max_ns', 'BIGINT', 'Longest time one CPU was kept from other work at a stretch', ([, p]) => p.stallNsMax],
    ['ipis', 'BIGINT', 'Interrupts sent, one for each CPU reached', ([, p]) => p.ipis],
    ['rmpopts', 'BIGINT', 'RMPOPT instructions executed', ([, p]) => p.rmpopts],
    ['delay_p50_ns', 'BIGINT?', 'Median re-optimisation delay; NULL: no region was re-optimised', ([, p]) => p.delayNs.p50],
    ['delay_p99_ns', 'BIGINT?', 'Its 99th percentile', ([, p]) => p.delayNs.p99],
    ['delay_max_ns', 'BIGINT?', 'The longest', ([, p]) => p.delayNs.max],
    ['delays', 'BIGINT', 'How many delays there were', ([, p]) => p.delayNs.count],
    [
      'delays_never',
      'BIGINT',
      'Regions that were assigned again, or the run ended, before they were optimised',
      ([, p]) => p.delayNs.neverCount,
    ],
    ['kept_bytes', 'BIGINT', 'Memory that the kernel of one host keeps for it', ([, p]) => p.keptBytes],
    ['is_on_front', 'BOOLEAN', 'No other policy here is as good in every figure and better in one', ([, p]) => p.isOnFront],
    ['is_bound', 'BOOLEAN', 'It is a bound (none, ideal), not a policy', ([, p]) => p.isBound],
  ],
)

/** The columns of `policies` that ranges are known of. */
const FIGURE_COLUMNS: Readonly<Record<ComparedFigure, string>> = {
  coverageMean: 'coverage_mean',
  coverageLost: 'coverage_lost',
  checksSkipped: 'checks_skipped',
  cpuNs: 'cpu_ns',
  stallNsMax: 'stall_max_ns',
  ipis: 'ipis',
  delayP50Ns: 'delay_p50_ns',
  delayP99Ns: 'delay_p99_ns',
}

const RANGES = table<{ readonly policy: string; readonly figure: string; readonly range: readonly [number, number] }>(
  'ranges',
  'With several seeds: least and most of a figure. Empty with one seed.',
  ['policy', 'figure'],
  ({ policies }) =>
    policies.flatMap(({ name, range = {} }) =>
      (Object.keys(FIGURE_COLUMNS) as ComparedFigure[]).flatMap((figure) => {
        const found = range[figure]
        return found === undefined ? [] : [{ policy: name, figure: FIGURE_COLUMNS[figure], range: found }]
      }),
    ),
  [
    ['policy', 'VARCHAR', 'Name of the policy', ({ policy }) => policy],
    ['figure', 'VARCHAR', 'The column of policies, with its unit', ({ figure }) => figure],
    ['least', 'DOUBLE', 'Its least value over all seeds', ({ range }) => range[0]],
    ['most', 'DOUBLE', 'Its greatest', ({ range }) => range[1]],
  ],
)

const TIMELINE = table<
  { readonly policy: string; readonly begin: number; readonly ideal: number } & ComparedPolicy['timeline'][number]
>(
  'timeline',
  'Means over hosts, of each part of the simulated time.',
  ['policy', 'begin_ns'],
  ({ policies, ideal }) =>
    policies.flatMap(({ name, timeline }) =>
      timeline.map((part, i) => ({
        ...part,
        policy: name,
        begin: timeline[i - 1]?.endNs ?? 0,
        ideal: ideal.timeline[i].coverage,
      })),
    ),
  [
    ['policy', 'VARCHAR', 'Name of the policy', ({ policy }) => policy],
    ['begin_ns', 'BIGINT', 'When the part begins', ({ begin }) => begin],
    ['end_ns', 'BIGINT', 'When it ends', ({ endNs }) => endNs],
    ['coverage', 'DOUBLE', 'Coverage, 0..1', ({ coverage }) => coverage],
    ['coverage_ideal', 'DOUBLE', 'What it would be if every eligible region were optimised at once, 0..1', ({ ideal }) => ideal],
    ['checks_skipped', 'DOUBLE', 'Coverage weighted by where the writers write, 0..1', ({ checksSkipped }) => checksSkipped],
  ],
)

const DELAYS = table<{ readonly policy: string; readonly above: number; readonly upTo: number; readonly count: number }>(
  'delays',
  'How many re-optimisation delays lie in each class; the classes are the same everywhere.',
  ['policy', 'up_to_ns'],
  ({ policies }) =>
    policies.flatMap(({ name, delayHistogram: classes }) =>
      classes.map(({ upToNs, count }, i) => ({ policy: name, above: classes[i - 1]?.upToNs ?? 0, upTo: upToNs, count })),
    ),
  [
    ['policy', 'VARCHAR', 'Name of the policy', ({ policy }) => policy],
    ['above_ns', 'BIGINT', 'The class begins above this', ({ above }) => above],
    ['up_to_ns', 'BIGINT', 'It ends with this; the last takes what is longer, too', ({ upTo }) => upTo],
    ['delays', 'BIGINT', 'How many there are in the class', ({ count }) => count],
  ],
)

type Swept = NonNullable<CompareResult['sensitivity']>
type SweptPolicy = Swept['cases'][number] & { readonly of: Swept['cases'][number]['policies'][number] }

const SENSITIVITY = table<SweptPolicy>(
  'sensitivity',
  'With --sensitivity: figures of each policy with one assumed cost at either end of its range.',
  ['parameter', 'policy'],
  ({ sensitivity }) => (sensitivity?.cases ?? []).flatMap((one) => one.policies.map((of) => ({ ...one, of }))),
  [
    ['parameter', 'VARCHAR', 'Name of the assumed cost', ({ parameter }) => parameter],
    ['unit', 'VARCHAR', 'Unit of its values', ({ unit }) => unit],
    ['value_low', 'DOUBLE', 'Low end of its range', ({ low }) => low],
    ['value', 'DOUBLE', 'What is taken elsewhere', ({ value }) => value],
    ['value_high', 'DOUBLE', 'High end of its range', ({ high }) => high],
    ['policy', 'VARCHAR', 'Name of the policy', ({ of }) => of.policy],
    ['coverage_lost_at_low', 'DOUBLE', 'coverage_lost at the low end', ({ of }) => of.coverageLost[0]],
    ['coverage_lost_at_high', 'DOUBLE', 'coverage_lost at the high end', ({ of }) => of.coverageLost[1]],
    ['cpu_at_low_ns', 'BIGINT', 'cpu_ns at the low end', ({ of }) => of.cpuNs[0]],
    ['cpu_at_high_ns', 'BIGINT', 'cpu_ns at the high end', ({ of }) => of.cpuNs[1]],
    ['stall_max_at_low_ns', 'BIGINT', 'stall_max_ns at the low end', ({ of }) => of.stallNsMax[0]],
    ['stall_max_at_high_ns', 'BIGINT', 'stall_max_ns at the high end', ({ of }) => of.stallNsMax[1]],
  ],
)

const CONCLUSIONS = table<Swept['conclusions'][number]>(
  'conclusions',
  'With --sensitivity: how policies stand against versus, and whether it holds over all ranges.',
  ['sentence'],
  ({ sensitivity }) => sensitivity?.conclusions ?? [],
  [
    ['sentence', 'VARCHAR', 'Such as "v9 costs less CPU time than v10"', ({ sentence }) => sentence],
    ['survives', 'BOOLEAN', 'It holds at both ends of every range', ({ survives }) => survives],
    ['fails_at', 'VARCHAR[]', 'The ends of ranges where it does not', ({ failsAt }) => failsAt],
  ],
)

/** The tables, in the order in which people are told of them. Each begins with the column `experiment`. */
export const TABLES: readonly Table[] = [EXPERIMENTS, POLICIES, RANGES, TIMELINE, DELAYS, SENSITIVITY, CONCLUSIONS]
