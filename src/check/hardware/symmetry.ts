import type { CpuId } from '../../arch/index.ts'
import type { Renaming, Topology } from '../../machine/index.ts'
import type { State } from '../model.ts'
import type { Thread } from './operation.ts'

/** A way to call the cores otherwise, and which thread then stands where. */
interface Permutation {
  readonly names: Required<Renaming>
  /** Of each thread the position it takes. */
  readonly threads: readonly number[]
  /** What the permutation makes of each shared state, as far as it was asked. */
  readonly shared: Map<number, number>
}

/**
 * Cores whose threads run the same programs can be taken for each other: of all states that differ only in who is who one
 * stands for all. Which thread states are equal is known by their numbers, since equal programs share them.
 */
export class Symmetry {
  readonly #permutations: readonly Permutation[]
  readonly #renamed: (shared: number, names: Renaming) => number
  readonly #best: Int32Array
  readonly #other: Int32Array

  /** @param renamed the number of a shared state with its CPUs called otherwise */
  constructor(
    topology: Topology,
    threads: readonly Thread[],
    starts: readonly number[],
    renamed: (shared: number, names: Renaming) => number,
  ) {
    const cores = Array.from({ length: topology.cores }, (_, core) => core)
    this.#renamed = renamed
    this.#permutations = permutations(cores).flatMap((order) => {
      const core = (one: number) => order[one]
      const cpu = (one: CpuId) => order[one % topology.cores] + one - (one % topology.cores)
      const to = threads.map((thread, i) => {
        // Several threads of one CPU are taken in their order.
        const rank = threads.slice(0, i).filter((other) => other.cpu === thread.cpu).length
        const there = threads.flatMap((other, at) => (other.cpu === cpu(thread.cpu) ? [at] : []))
        return there[rank] ?? -1
      })
      const isIdentity = order.every((one, i) => one === i)
      const isAllowed = to.every((there, i) => there >= 0 && starts[there] === starts[i])
      return isAllowed && !isIdentity ? [{ names: { core, cpu }, threads: to, shared: new Map() }] : []
    })
    this.#best = new Int32Array(threads.length + 1)
    this.#other = new Int32Array(threads.length + 1)
  }

  canonicalise(state: State): void {
    this.#best.set(state)
    for (const permutation of this.#permutations) {
      this.#other[0] = this.#sharedBy(permutation, state[0])
      for (const [thread, there] of permutation.threads.entries()) this.#other[1 + there] = state[1 + thread]
      if (isLess(this.#other, this.#best)) this.#best.set(this.#other)
    }
    state.set(this.#best)
  }

  #sharedBy({ names, shared }: Permutation, number: number): number {
    let other = shared.get(number)
    if (other === undefined) shared.set(number, (other = this.#renamed(number, names)))
    return other
  }
}

function isLess(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i]
  return false
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}
