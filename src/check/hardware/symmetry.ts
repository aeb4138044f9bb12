import { assert, type CpuId, type RegionIndex, type Spa } from '../../arch/index.ts'
import { type Machine, type Renaming, renamed } from '../../machine/index.ts'
import type { State } from '../model.ts'
import { alikeRegions, renamedOperation } from './alike-regions.ts'
import type { Operation, Thread } from './operation.ts'

/** A way to call the cores, and perhaps the regions, otherwise, and which thread then stands where. */
export interface Permutation {
  readonly names: Renaming
  /** Of each thread the position it takes. */
  readonly threads: readonly number[]
  /** What the permutation makes of each shared state, as far as it was asked. */
  readonly shared: Map<number, number>
  /** What the names of the regions make of each state of a thread; `undefined`: they keep theirs, and nothing changes. */
  readonly locals: Map<number, number> | undefined
}

/** What a permutation makes of states, worked out by whoever knows them. */
export interface Renamer {
  readonly shared: (shared: number, names: Renaming) => number
  readonly local: (local: number, permutation: Permutation) => number
}

/**
 * Cores whose threads run the same programs can be taken for each other, and so can regions to which the same is done: of all
 * states that differ only in who is who one stands for all.
 *
 * Thread states are equal, whatever the CPU, when their numbers are, since equal programs share them. Where regions are called
 * otherwise, a thread takes the place of one whose program is its own with the other names, and its state is renamed, too.
 */
export class Symmetry {
  readonly #permutations: readonly Permutation[]
  readonly #renamer: Renamer
  readonly #best: Int32Array
  readonly #other: Int32Array

  /** @param keyOf equal for equal programs; `ofRegions`: take regions for each other, too */
  constructor(
    machine: Machine,
    threads: readonly Thread[],
    keyOf: (program: readonly Operation[]) => string,
    renamer: Renamer,
    ofRegions: boolean,
  ) {
    this.#renamer = renamer
    this.#permutations = permutationsOf(machine, threads, keyOf, ofRegions)
    this.#best = new Int32Array(threads.length + 1)
    this.#other = new Int32Array(threads.length + 1)
  }

  canonicalise(state: State): void {
    this.#best.set(state)
    for (const permutation of this.#permutations) {
      this.#other[0] = this.shared(permutation, state[0])
      for (const [thread, there] of permutation.threads.entries()) {
        this.#other[1 + there] = this.local(permutation, state[1 + thread])
      }
      if (isLess(this.#other, this.#best)) this.#best.set(this.#other)
    }
    state.set(this.#best)
  }

  /** A shared state as the permutation calls it. */
  shared({ names, shared }: Permutation, number: number): number {
    let other = shared.get(number)
    if (other === undefined) shared.set(number, (other = this.#renamer.shared(number, names)))
    return other
  }

  /** A thread's state as the permutation calls it. */
  local(permutation: Permutation, number: number): number {
    const { locals } = permutation
    if (locals === undefined) return number
    let other = locals.get(number)
    if (other === undefined) locals.set(number, (other = this.#renamer.local(number, permutation)))
    return other
  }
}

function permutationsOf(
  machine: Machine,
  threads: readonly Thread[],
  keyOf: (program: readonly Operation[]) => string,
  ofRegions: boolean,
): Permutation[] {
  const { cores } = machine.topology
  const alike = ofRegions ? alikeRegions(machine, threads) : []
  const namings = permutations(alike).map(
    (order) => (one: RegionIndex) => (alike.includes(one) ? order[alike.indexOf(one)] : one),
  )
  const keys = threads.map(({ program }) => keyOf(program))
  const orders = permutations(Array.from({ length: cores }, (_, core) => core))
  // All or none: what is found must not depend on which way round two states are compared.
  const isPossible = namings.every((region) => keepsGuestsAddressable(machine, region))
  return (isPossible ? namings : namings.slice(0, 1)).flatMap((region) => {
    const areKept = alike.every((one) => region(one) === one)
    const name = (spa: Spa) => renamed(spa, machine.geometry, { region })
    const wanted = threads.map(({ program }, i) => (areKept ? keys[i] : keyOf(program.map((one) => renamedOperation(one, name)))))
    const locals = areKept ? undefined : new Map<number, number>()
    return orders.flatMap((core): Permutation[] => {
      const cpu = (one: CpuId) => core[one % cores] + one - (one % cores)
      const to = threads.map((thread, i) => placeOf(threads, i, cpu(thread.cpu)))
      const isIdentity = areKept && core.every((one, i) => one === i)
      const isAllowed = to.every((there, i) => there >= 0 && keys[there] === wanted[i])
      if (!isAllowed || isIdentity) return []
      const names = { core: (one: number) => core[one], cpu, ...(areKept ? {} : { region }) }
      return [{ names, threads: to, shared: new Map(), locals }]
    })
  })
}

/** Which thread stands on another CPU where a thread stands on its own: several of one CPU are taken in their order; -1: none. */
function placeOf(threads: readonly Thread[], thread: number, cpu: CpuId): number {
  const rank = threads.slice(0, thread).filter((other) => other.cpu === threads[thread].cpu).length
  return threads.flatMap((other, at) => (other.cpu === cpu ? [at] : []))[rank] ?? -1
}

/** Guest addresses go with their pages: none gets below 0. */
function keepsGuestsAddressable({ rmp, geometry: { regionPages } }: Machine, region: (one: RegionIndex) => RegionIndex): boolean {
  for (let pfn = 0; pfn < rmp.pages; pfn++) {
    const at = Math.floor(pfn / regionPages)
    if (rmp.asid(pfn) !== 0 && rmp.gfn(pfn) + (region(at) - at) * regionPages < 0) return false
  }
  return true
}

function isLess(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i]
  return false
}

function permutations(items: readonly number[]): number[][] {
  assert(items.length <= 8, 'there are not too many permutations')
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}
