import type { CoreId, CpuId } from '../arch/index.ts'
import { type IndexSet, members, type SetSpace } from './index-set.ts'
import type { Machine } from './machine.ts'

/**
 * The state of a machine as whole numbers of 32 bits, so that an exhaustive search can go back to a state it has seen. Equal
 * states are equal numbers: what has no order is written in ascending order. Meant for small machines.
 */
export function saveMachine(machine: Machine, to: number[], names: Renaming = AS_THEY_ARE): void {
  const cpus = to.length
  for (const [cpu, { mfdm, memEncrypt, snpEn, vmplEn }] of machine.cpus.entries()) {
    to[cpus + (names.cpu?.(cpu) ?? cpu)] = (mfdm ? 1 : 0) | (memEncrypt ? 2 : 0) | (snpEn ? 4 : 0) | (vmplEn ? 8 : 0)
  }
  machine.rmp.save(to)
  machine.tables.save(to, names)
  machine.tlb.save(to, names)
  machine.firmware.save(to, machine.geometry)
  to.push(machine.locks.size)
  for (const [huge, { rax, size }] of [...machine.locks].sort(([a], [b]) => a - b)) {
    to.push(huge, rax / machine.geometry.pageBytes, size === '2M' ? 1 : 0)
  }
}

/** Puts the machine into a state that `saveMachine` has written of it. Its listeners are told nothing. */
export function loadMachine(machine: Machine, from: WordReader): void {
  for (const cpu of machine.cpus) {
    const bits = from.next()
    cpu.mfdm = (bits & 1) !== 0
    cpu.memEncrypt = (bits & 2) !== 0
    cpu.snpEn = (bits & 4) !== 0
    cpu.vmplEn = (bits & 8) !== 0
  }
  machine.rmp.load(from)
  machine.tables.load(from)
  machine.tlb.load(from)
  machine.firmware.load(from, machine.geometry)
  machine.locks.clear()
  for (let left = from.next(); left > 0; left--) {
    const huge = from.next()
    machine.locks.set(huge, { rax: from.next() * machine.geometry.pageBytes, size: from.next() === 1 ? '2M' : '4K' })
  }
}

/** Other names for cores and for their threads, for states that differ in nothing but who is who. */
export interface Renaming {
  readonly core?: (core: CoreId) => CoreId
  readonly cpu?: (cpu: CpuId) => CpuId
}

export const AS_THEY_ARE: Renaming = {}

/** Reads what was saved, number by number. */
export class WordReader {
  readonly #words: Int32Array
  #at = 0

  constructor(words: Int32Array) {
    this.#words = words
  }

  next(): number {
    return this.#words[this.#at++]
  }

  set(space: SetSpace): IndexSet {
    return space.fromWords(Uint32Array.from({ length: space.none.words.length }, () => this.next()))
  }

  /** A number of up to 52 bits that `saveWide` has written. */
  wide(): number {
    return (this.next() >>> 0) + this.next() * 2 ** 32
  }
}

export function saveWide(to: number[], value: number): void {
  to.push(value | 0, Math.floor(value / 2 ** 32))
}

export function saveSet(to: number[], space: SetSpace, set: IndexSet, rename?: Renaming['core']): void {
  const renamed = rename === undefined ? set : space.of([...members(set)].map(rename))
  for (const word of renamed.words) to.push(word | 0)
}
