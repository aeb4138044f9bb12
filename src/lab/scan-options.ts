import { GIB } from '../arch/index.ts'
import { BACKINGS, type Backing, PLACEMENTS, type Placement } from '../kernel/index.ts'
import { executePass, WHOS, type Who } from '../policy/index.ts'
import { HOSTS, type HostSpec, type PassLoop, type RmpState } from '../sim/index.ts'
import { UserError } from '../workload/index.ts'
import { nearest } from './nearest.ts'
import { resolveScenario } from './scenario.ts'

/** A scan with nothing left open. `text`: as it was written. */
export interface ScanOptions {
  readonly host: HostSpec
  readonly state: RmpState & { readonly text: string }
  /** SNP guests that run, by the size of their memory. */
  readonly guestBytes: readonly number[]
  readonly backing: Backing
  readonly placement: Placement
  readonly loop: ScanLoop & { readonly text: string }
  /** CPUs that execute RMPOPT: the first thread of each core, or all. */
  readonly threads: 'primary' | 'all'
  /** How often the pass is repeated. */
  readonly again: number
  /** 0..2^32-1 */
  readonly seed: number
}

export type ScanLoop =
  | { readonly name: 'serial' | 'all-cpus' | 'leader-followers' | 'leader-then-successes' }
  | { readonly name: 'batched'; readonly regionsPerIpi: number }

/** What a person may leave open. */
export interface ScanInput {
  readonly host?: string
  readonly memoryBytes?: number
  readonly state?: string
  readonly guestBytes?: readonly number[]
  readonly backing?: string
  readonly placement?: string
  readonly loop?: string
  readonly threads?: string
  readonly again?: number
  readonly seed?: number
}

export const SCAN_STATES = ['empty', 'first-page', 'last-page', 'every-page', 'random:F'] as const
export const SCAN_LOOPS = ['serial', 'all-cpus', 'leader-followers', 'leader-then-successes', 'batched:N'] as const
export const SCAN_THREADS = ['primary', 'all'] as const

/**
 * Fills in every default.
 * @param called what a person calls a field, for messages
 * @throws UserError naming the field, what is wrong with it, and the nearest known name
 */
export function resolveScan(input: ScanInput = {}, called: (field: keyof ScanInput) => string = (field) => field): ScanOptions {
  const { host = 'venice-2s', state = 'empty', loop = 'leader-followers', again = 0, seed = 1 } = input
  const names = (of: readonly { readonly name: string }[]) => of.map(({ name }) => name)
  return {
    host: hostOf(oneOf(called('host'), host, names(HOSTS)), input.memoryBytes, called),
    state: { ...stateOf(called('state'), state), text: state },
    guestBytes: input.guestBytes ?? [],
    backing: oneOf(called('backing'), input.backing ?? '2m', names(BACKINGS)) as Backing,
    placement: oneOf(called('placement'), input.placement ?? 'buddy', names(PLACEMENTS)) as Placement,
    loop: { ...loopOf(called('loop'), loop), text: loop },
    threads: oneOf(called('threads'), input.threads ?? 'primary', SCAN_THREADS),
    again: whole(called('again'), again, AGAIN_MAX),
    seed: whole(called('seed'), seed, SEED_MAX),
  }
}

const AGAIN_MAX = 1000
const SEED_MAX = 2 ** 32 - 1
const REGIONS_PER_IPI_MAX = 2048

/** The routine behind the name of a loop. */
export function passLoop(loop: ScanLoop): PassLoop {
  const who = whoOf(loop)
  return (kernel, regions, cpus) => executePass(kernel, who, 'lowest', [regions], cpus)
}

function whoOf(loop: ScanLoop): Who {
  switch (loop.name) {
    case 'serial':
      return WHOS['one-at-a-time']
    case 'all-cpus':
      return WHOS.broadcast
    case 'leader-followers':
      return WHOS['leader-followers']
    case 'leader-then-successes':
      return WHOS['leader-successes']
    case 'batched':
      return { ...WHOS['leader-followers'], batch: loop.regionsPerIpi }
  }
}

function hostOf(preset: string, memoryBytes: number | undefined, called: (field: keyof ScanInput) => string): HostSpec {
  const memory = memoryBytes === undefined ? {} : { memoryBytes }
  if (memoryBytes !== undefined && (memoryBytes < 4 * GIB || memoryBytes > 64 * 1024 * GIB)) {
    throw new UserError(`${called('memoryBytes')}: ${memoryBytes / GIB} GiB is not from 4 GiB to 64 TiB; give a size that is`)
  }
  try {
    return resolveScenario({ host: { preset, ...memory } }, 'scan').host
  } catch (error) {
    if (error instanceof UserError)
      error.message = error.message.replace(/^scan: host\.(memoryBytes: )?/, `${called('memoryBytes')}: `)
    throw error
  }
}

function stateOf(where: string, text: string): RmpState {
  const [name, rest] = divided(text)
  if (name === 'random') {
    const share = rest !== undefined && DECIMAL.test(rest) ? Number(rest) : Number.NaN
    if (!(share >= 0 && share <= 1))
      throw new UserError(`${where}: ${shown(text)} needs a probability from 0 to 1; give one, such as random:0.1`)
    return { name, share }
  }
  if (rest === undefined && isOneOf(name, PLAIN_STATES)) return { name }
  throw unknownName(where, text, SCAN_STATES)
}

const PLAIN_STATES = ['empty', 'first-page', 'last-page', 'every-page'] as const

function loopOf(where: string, text: string): ScanLoop {
  const [name, rest] = divided(text)
  if (name === 'batched') {
    const regionsPerIpi = rest !== undefined && /^\d+$/.test(rest) ? Number(rest) : 0
    if (regionsPerIpi < 1 || regionsPerIpi > REGIONS_PER_IPI_MAX) {
      throw new UserError(
        `${where}: ${shown(text)} needs a number of regions from 1 to ${REGIONS_PER_IPI_MAX}; give one, such as batched:8`,
      )
    }
    return { name, regionsPerIpi }
  }
  if (rest === undefined && isOneOf(name, PLAIN_LOOPS)) return { name }
  throw unknownName(where, text, SCAN_LOOPS)
}

const PLAIN_LOOPS = ['serial', 'all-cpus', 'leader-followers', 'leader-then-successes'] as const

function divided(text: string): [name: string, rest: string | undefined] {
  const at = text.indexOf(':')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)$/

function whole(where: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  throw new UserError(`${where}: ${value} is not a whole number from 0 to ${max}; give one`)
}

function oneOf<T extends string>(where: string, given: string, known: readonly T[]): T {
  if (isOneOf(given, known)) return given
  throw unknownName(where, given, known)
}

function isOneOf<T extends string>(given: string, known: readonly T[]): given is T {
  return (known as readonly string[]).includes(given)
}

function unknownName(where: string, given: string, known: readonly string[]): UserError {
  const guess = nearest(given, known)
  const advice = guess === undefined ? `choose one of ${known.join(', ')}` : `did you mean ${guess}?`
  return new UserError(`${where}: ${shown(given)} is not known; ${advice}`)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
