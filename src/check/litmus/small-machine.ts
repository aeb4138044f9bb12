import { assert, geometry, KIB, RMP_BOOKKEEPING_BYTES, RST_BYTES } from '../../arch/index.ts'
import { ALL_FEATURES, DEFAULT_MACHINE_OPTIONS, Machine, type MachineOptions } from '../../machine/index.ts'
import { LitmusProblem, unknown } from './problem.ts'
import { isWord, numberIn } from './scope.ts'
import type { Operand, Word } from './syntax.ts'

/** What a `machine` line may set, and what holds where it does not; then from what to what it may go. */
const SIZES = {
  cores: [2, 1, 4],
  threads: [1, 1, 2],
  regions: [2, 1, 4],
  huges: [2, 1, 4],
  pages: [2, 1, 4],
  reach: [64, 1, 64],
  asids: [1023, 1, 1023],
} as const satisfies Record<string, readonly [standard: number, min: number, max: number]>

const FEATURES = ['snp', 'rmpopt', 'rmpread', 'rmpquery', 'segmented'] as const

/** Options that a litmus file sets; sizes have settings of their own. */
const OPTIONS = (Object.keys(DEFAULT_MACHINE_OPTIONS) as (keyof MachineOptions)[]).filter(
  (name) => typeof DEFAULT_MACHINE_OPTIONS[name] !== 'number',
)

/** Names of an option's values, where it is no yes or no. */
const NAMED_OPTIONS: Partial<Record<keyof MachineOptions, readonly string[]>> = { outOfReach: ['report-0', 'unspecified'] }

/**
 * The machine of a litmus file: `regions` regions of `huges` huge pages of `pages` pages, and after them those that hold the
 * RMP itself. Every CPU reaches `reach` regions.
 */
export function smallMachine(settings: readonly Operand[]): Machine {
  const given = readSettings(settings)
  const size = (name: keyof typeof SIZES) => given.sizes[name] ?? SIZES[name][0]
  const g = geometry(4 * KIB, size('pages'), size('huges'))
  const base = size('regions') * g.regionBytes
  const own = Math.ceil((RMP_BOOKKEEPING_BYTES + RST_BYTES) / g.regionBytes) * g.regionBytes
  const { segmented = true, ...features } = given.features
  return new Machine({
    geometry: g,
    topology: { sockets: 1, coresPerSocket: size('cores'), threadsPerCore: size('threads'), nodesPerSocket: 1 },
    ram: [{ start: 0, end: base + own, node: 0 }],
    features: { ...ALL_FEATURES, ...features, segmentedRmp: segmented },
    layout: segmented
      ? { kind: 'segmented', base, segmentShift: 30, segments: [] }
      : { kind: 'contiguous', base, end: base + own - 1 },
    asidMax: size('asids'),
    options: { ...given.options, tableReachBytes: size('reach') * g.regionBytes },
  })
}

interface Settings {
  readonly sizes: Partial<Record<keyof typeof SIZES, number>>
  readonly features: Partial<Record<(typeof FEATURES)[number], boolean>>
  readonly options: Partial<MachineOptions>
}

function readSettings(settings: readonly Operand[]): Settings {
  const sizes: Record<string, number> = {}
  const features: Record<string, boolean> = {}
  const options: Record<string, unknown> = {}
  for (const { key, words, line, column } of settings) {
    if (key === undefined)
      throw new LitmusProblem({ line, column }, `${JSON.stringify(words[0].text)} is not set to anything; write name=value`)
    const [value] = words
    const size = find(Object.keys(SIZES), key) as keyof typeof SIZES | undefined
    const feature = find(FEATURES, key)
    const option = find(OPTIONS, key)
    if (size !== undefined) sizes[size] = numberIn(value, SIZES[size][1], SIZES[size][2])
    else if (feature !== undefined) features[feature] = yesOrNo(value)
    else if (option !== undefined) options[option] = optionValue(option, value)
    else throw unknown(key, 'setting of a machine', key.text, [...Object.keys(SIZES), ...FEATURES, ...OPTIONS])
  }
  return { sizes, features, options: options as Partial<MachineOptions> }
}

function optionValue(option: keyof MachineOptions, value: Word): unknown {
  if (typeof DEFAULT_MACHINE_OPTIONS[option] === 'boolean') return yesOrNo(value)
  const names = NAMED_OPTIONS[option] ?? []
  assert(names.length > 0, `the values of ${option} have names`)
  const name = find(names, value)
  if (name === undefined) throw unknown(value, `value of ${option}`, value.text, names)
  return name
}

function yesOrNo(word: Word): boolean {
  if (isWord(word, 'yes') || isWord(word, 'no')) return isWord(word, 'yes')
  throw new LitmusProblem(word, `${JSON.stringify(word.text)} is neither; give yes or no`)
}

function find<Name extends string>(names: readonly Name[], word: Word): Name | undefined {
  return names.find((name) => isWord(word, name))
}
