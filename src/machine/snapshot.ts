import type { CoreId, CpuId, Geometry, RegionIndex, Spa } from '../arch/index.ts'
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
  const { geometry } = machine
  machine.rmp.save(to, names)
  machine.tables.save(to, names)
  machine.tlb.save(to, geometry, names)
  machine.firmware.save(to, geometry, names)
  to.push(machine.locks.size)
  const locks = [...machine.locks.values()].map(({ rax, size }) => ({ rax: renamed(rax, geometry, names), size }))
  for (const { rax, size } of locks.sort((a, b) => a.rax - b.rax)) {
    to.push(Math.floor(rax / geometry.hugeBytes), rax / geometry.pageBytes, size === '2M' ? 1 : 0)
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

/**
 * Other names for cores, for their threads and for regions, for states that differ in nothing but who is who. A guest's page keeps
 * its distance to where the guest sees it: what is in a region that is called otherwise has guest addresses so much higher or lower.
 */
export interface Renaming {
  readonly core?: (core: CoreId) => CoreId
  readonly cpu?: (cpu: CpuId) => CpuId
  /** Only of regions that hold nothing of the RMP, and that every table reaches or none. */
  readonly region?: (region: RegionIndex) => RegionIndex
}

export const AS_THEY_ARE: Renaming = {}

/** What an address is called. */
export function renamed(spa: Spa, { regionBytes }: Geometry, { region }: Renaming): Spa {
  if (region === undefined) return spa
  const at = Math.floor(spa / regionBytes)
  return spa + (region(at) - at) * regionBytes
}

/** Of each name which region has it. */
export function namedAs(region: Renaming['region'], regions: number): (name: RegionIndex) => RegionIndex {
  if (region === undefined) return (name) => name
  const who = new Array<RegionIndex>(regions)
  for (let one = 0; one < regions; one++) who[region(one)] = one
  return (name) => who[name]
}

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
