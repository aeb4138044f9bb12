import { z } from 'zod'
import { DAY, GIB, MIB, type Ns } from '../arch/index.ts'
import { BACKINGS, type Backing, PLACEMENTS, type Placement } from '../kernel/index.ts'
import { DEFAULT_MACHINE_OPTIONS } from '../machine/index.ts'
import {
  COSTS,
  type Costs,
  DEFAULT_BEHAVIOUR,
  type GuestBehaviour,
  HOSTS,
  type HostSpec,
  hostNamed,
  SEGMENT_SHIFT_MAX,
} from '../sim/index.ts'
import { UserError } from '../workload/index.ts'
import type { PolicyRef } from './host-run.ts'
import { explain, firstOf } from './issue-words.ts'
import { type PolicyInput, policyInput, resolvePolicy } from './policy-input.ts'

/** What to simulate, with nothing left open. */
export interface Scenario {
  readonly host: HostSpec
  readonly hosts: number | 'auto'
  /** Path of a trace file; absent: VMs are generated. Reading it is the caller's business. */
  readonly trace?: string
  readonly generate: { readonly vms: number; readonly durationS: number; readonly seed: number }
  /** Share of batches that are SNP guests, 0..1. */
  readonly snpShare: number
  readonly backing: Backing
  readonly placement: Placement
  readonly policy: PolicyRef
  readonly seed: number
  /** Simulated time; absent: to the last thing the trace names, and a minute more. */
  readonly untilNs?: Ns
  /** VMs larger than a host are rejected rather than an error. */
  readonly rejectOversized: boolean
  readonly guest: GuestBehaviour
  readonly costs: Costs
}

const count = (max: number) => z.number().int().min(1).max(max)
const bytes = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52)
const names = <T extends string>(of: readonly { readonly name: T }[]) => z.enum(of.map(({ name }) => name) as [T, ...T[]])

/** More CPUs than this a cpumask of the x86 kernel cannot hold (CONFIG_NR_CPUS) [K]. */
export const LOGICAL_CPUS_MAX = 8192

/** 16 bytes for each 4 KiB page [K]. */
const MEMORY_PER_RMP_BYTE = 256

const hostFields = {
  sockets: count(64),
  coresPerSocket: count(LOGICAL_CPUS_MAX),
  threadsPerCore: z.literal([1, 2]),
  nodesPerSocket: count(64),
  memoryBytes: bytes.min(4 * GIB).max(64 * 1024 * GIB),
  mmioHoleBytes: bytes.max(3 * GIB),
  rmp: z.enum(['segmented', 'contiguous']),
  rmpSegmentBytes: bytes.min(GIB).max(2 ** SEGMENT_SHIFT_MAX),
  hasRmpopt: z.boolean(),
  hostReservedShare: z.number().min(0).max(0.9),
}
const machineFields = {
  outOfReach: z.enum(['report-0', 'unspecified']),
  rmpupdateDropsCachedResult: z.boolean(),
  snpDisableClearsTables: z.boolean(),
  baseChangeClearsTable: z.boolean(),
  tableReachBytes: bytes
    .min(GIB)
    .max(64 * 1024 * GIB)
    .multipleOf(GIB),
  regionBytes: z.literal([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map((mib) => mib * MIB)),
  successBroadcast: z.boolean(),
  resultCache: z.boolean(),
  comesUpOptimised: z.boolean(),
}

const HostInput = z
  .strictObject({ preset: names(HOSTS), ...hostFields, machine: z.strictObject(machineFields).partial() })
  .partial()

/** A scenario as people write it: a YAML file, or the options of `run`. Every field has a default. */
export const ScenarioSchema = z
  .strictObject({
    host: z.union([names(HOSTS), HostInput]),
    hosts: z.union([z.literal('auto'), count(100_000)]),
    trace: z.string().min(1),
    generate: z
      .strictObject({
        vms: count(10_000_000),
        durationS: z
          .number()
          .min(300)
          .max(104 * 86_400),
        seed: z
          .number()
          .int()
          .min(0)
          .max(2 ** 32 - 1),
      })
      .partial(),
    snpShare: z.number().min(0).max(1),
    backing: names(BACKINGS),
    placement: names(PLACEMENTS),
    policy: z.custom<PolicyInput>(() => true),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    untilS: z
      .number()
      .positive()
      .max(104 * 86_400),
    rejectOversized: z.boolean(),
    guest: z
      .strictObject({
        imageBytes: bytes.max(GIB).multipleOf(4096),
        touchSeconds: z.number().min(0).max(86_400),
        touchBursts: count(10_000),
        sharedPagesPerVcpu: z.number().int().min(0).max(1024),
      })
      .partial(),
  })
  .partial()

export type ScenarioInput = z.input<typeof ScenarioSchema>

/** The embedded default: three days of VMs like those of the real trace, on as many hosts as they need. */
const DEFAULTS = {
  host: 'venice-2s',
  hosts: 'auto',
  snpShare: 0.2,
  backing: '2m',
  placement: 'buddy',
  policy: 'v10',
  seed: 1,
} as const
const DEFAULT_GENERATE = { vms: 12_000, durationS: (3 * DAY) / 1e9 }

/**
 * Fills in every default.
 * @param where what the input came from, for messages
 * @throws UserError naming the field, what is wrong with it, and the nearest known name
 */
export function resolveScenario(input: unknown, where = 'scenario'): Scenario {
  const parsed = ScenarioSchema.safeParse(input ?? {}, { reportInput: true })
  if (!parsed.success) throw new UserError(`${where}: ${explain(firstOf(parsed.error.issues), knownFields)}`)
  const given = parsed.data
  const seed = given.seed ?? DEFAULTS.seed
  if (given.trace !== undefined && given.generate !== undefined) {
    throw new UserError(`${where}: trace and generate contradict each other; give one of them`)
  }
  const { touchSeconds, ...guest } = given.guest ?? {}
  const scenario: Scenario = {
    host: resolveHost(given.host ?? DEFAULTS.host, where),
    hosts: given.hosts ?? DEFAULTS.hosts,
    trace: given.trace,
    generate: { ...DEFAULT_GENERATE, seed, ...given.generate },
    snpShare: given.snpShare ?? DEFAULTS.snpShare,
    backing: given.backing ?? DEFAULTS.backing,
    placement: given.placement ?? DEFAULTS.placement,
    policy: resolvePolicy(given.policy ?? DEFAULTS.policy, where),
    seed,
    untilNs: given.untilS === undefined ? undefined : Math.round(given.untilS * 1e9),
    rejectOversized: given.rejectOversized ?? false,
    costs: COSTS,
    guest: { ...DEFAULT_BEHAVIOUR, ...guest, ...(touchSeconds === undefined ? {} : { touchNs: Math.round(touchSeconds * 1e9) }) },
  }
  return scenario
}

function resolveHost(input: NonNullable<ScenarioInput['host']>, where: string): HostSpec {
  const { preset = DEFAULTS.host, machine = {}, ...overrides } = typeof input === 'string' ? { preset: input } : input
  const host: HostSpec = { ...(hostNamed(preset) as HostSpec), ...overrides, machine }
  const wrong = hostProblem(host)
  if (wrong !== undefined) throw new UserError(`${where}: host.${wrong}`)
  return host
}

/** What contradicts itself in a host, as a person would say it. */
function hostProblem(host: HostSpec): string | undefined {
  const cpus = host.sockets * host.coresPerSocket * host.threadsPerCore
  if (cpus > LOGICAL_CPUS_MAX)
    return `coresPerSocket: ${cpus} logical CPUs are more than a cpumask holds; have at most ${LOGICAL_CPUS_MAX}`
  if (host.coresPerSocket % host.nodesPerSocket !== 0) {
    return `nodesPerSocket: ${host.coresPerSocket} cores do not divide into ${host.nodesPerSocket} nodes; choose a divisor`
  }
  if (!Number.isInteger(Math.log2(host.rmpSegmentBytes)))
    return 'rmpSegmentBytes: a segment covers a power of two of bytes; choose one'
  const nodes = host.sockets * host.nodesPerSocket
  if (Math.min(host.rmpSegmentBytes, host.memoryBytes) / MEMORY_PER_RMP_BYTE > host.memoryBytes / nodes / 2) {
    return `rmpSegmentBytes: the entries of one segment do not fit on one of ${nodes} nodes; choose smaller segments or fewer nodes`
  }
  if (host.memoryBytes % (nodes * GIB) !== 0) {
    return `memoryBytes: memory divides into whole GiB for each of ${nodes} nodes; choose a multiple of ${nodes} GiB`
  }
  if (host.mmioHoleBytes % GIB !== 0) return 'mmioHoleBytes: the hole is whole GiB; choose 0, 1, 2 or 3 GiB'
  if (host.rmp === 'segmented' && host.memoryBytes + host.mmioHoleBytes > 512 * host.rmpSegmentBytes) {
    return 'rmpSegmentBytes: the segment table has 512 entries, too few to cover RAM; choose larger segments'
  }
  return undefined
}

/** The scenario as input again, every default filled in: what `--show-config` prints. */
export function scenarioInput(scenario: Scenario): ScenarioInput {
  const { host, guest, untilNs, trace, generate, policy, costs: _, ...rest } = scenario
  const { name, machine, ...fields } = host
  const { touchNs, ...behaviour } = guest
  return {
    host: { preset: name, ...fields, machine: { ...DEFAULT_MACHINE_OPTIONS, ...machine } } as ScenarioInput['host'],
    ...(trace === undefined ? { generate: generateInput(generate, rest.seed) } : { trace }),
    ...rest,
    policy: policyInput(policy),
    ...(untilNs === undefined ? {} : { untilS: untilNs / 1e9 }),
    guest: { ...behaviour, touchSeconds: touchNs / 1e9 },
  }
}

/** The seed of generated VMs follows the scenario's, unless it was given one of its own. */
function generateInput({ seed, ...generate }: Scenario['generate'], scenarioSeed: number): ScenarioInput['generate'] {
  return seed === scenarioSeed ? generate : { ...generate, seed }
}

function knownFields(path: readonly PropertyKey[]): string[] {
  switch (path.join('.')) {
    case 'host':
      return ['preset', 'machine', ...Object.keys(hostFields)]
    case 'host.machine':
      return Object.keys(machineFields)
    case 'generate':
      return ['vms', 'durationS', 'seed']
    case 'guest':
      return ['imageBytes', 'touchSeconds', 'touchBursts', 'sharedPagesPerVcpu']
    default:
      return Object.keys(ScenarioSchema.shape)
  }
}
