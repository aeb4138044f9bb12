import { assert } from '../../arch/index.ts'
import {
  type Access,
  type AccessOutcome,
  access,
  type FirmwareCommand,
  type FirmwareStatus,
  firmwareCommand,
  loadMachine,
  type Machine,
  type Renaming,
  renamed,
  saveMachine,
  WordReader,
} from '../../machine/index.ts'

/** What an access brings: of one that reads, what it has read. */
export type AccessAnswer =
  | (Exclude<AccessOutcome, { kind: 'fault' }> & { readonly value?: MemoryValue })
  | Extract<AccessOutcome, { kind: 'fault' }>

/** What was last written to a page, or `ciphertext` to whoever reads it with another key. */
export type MemoryValue = number | 'ciphertext'

/** A machine and what is in its memory: a number a page, and the key that it was written with. */
export class World {
  readonly machine: Machine
  readonly #values: Int32Array
  /** 0: not encrypted for a guest; else the ASID of the guest that has written it as private. */
  readonly #keys: Int32Array

  constructor(machine: Machine) {
    this.machine = machine
    this.#values = new Int32Array(machine.rmp.pages)
    this.#keys = new Int32Array(machine.rmp.pages)
  }

  /** Makes an access; a write that passes leaves `value` in the page. */
  access(cpu: number, a: Access, value: number): AccessAnswer {
    const outcome = access(this.machine, cpu, a)
    if (outcome.kind === 'fault') return outcome
    const pfn = Math.floor(a.spa / this.machine.geometry.pageBytes)
    const key = a.who === 'SNP guest' && a.isPrivate ? a.asid : 0
    if (!a.write) return { ...outcome, value: this.read(pfn, key) }
    this.write(pfn, value, key)
    return outcome
  }

  firmware(command: FirmwareCommand): FirmwareStatus {
    return firmwareCommand(this.machine, command)
  }

  read(pfn: number, key = 0): MemoryValue {
    assert(pfn >= 0 && pfn < this.#values.length, `page ${pfn} exists`)
    return this.#keys[pfn] === key ? this.#values[pfn] : 'ciphertext'
  }

  /** What was last written to a page, with whatever key. */
  written(pfn: number): number {
    return this.#values[pfn]
  }

  write(pfn: number, value: number, key = 0): void {
    assert(pfn >= 0 && pfn < this.#values.length, `page ${pfn} exists`)
    this.#values[pfn] = value
    this.#keys[pfn] = key
  }

  /** Its state as whole numbers; `names`: as if CPUs and regions were called otherwise. */
  save(names?: Renaming): number[] {
    const words = [...this.#values, ...this.#keys]
    if (names?.region !== undefined) {
      const { pageBytes } = this.machine.geometry
      for (const [pfn, value] of this.#values.entries()) {
        const name = renamed(pfn * pageBytes, this.machine.geometry, names) / pageBytes
        words[name] = value
        words[this.#values.length + name] = this.#keys[pfn]
      }
    }
    saveMachine(this.machine, words, names)
    return words
  }

  load(words: Int32Array): void {
    const pages = this.#values.length
    this.#values.set(words.subarray(0, pages))
    this.#keys.set(words.subarray(pages, 2 * pages))
    loadMachine(this.machine, new WordReader(words.subarray(2 * pages)))
  }
}
