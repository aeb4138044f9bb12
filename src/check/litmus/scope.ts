import type { CpuId, RegionIndex, Spa } from '../../arch/index.ts'
import type { Machine } from '../../machine/index.ts'
import { LitmusProblem, unknown } from './problem.ts'
import type { Operand, Word } from './syntax.ts'

/** What a word such as page3 names. */
export interface Piece {
  readonly what: 'page' | 'huge' | 'region'
  readonly index: number
  readonly spa: Spa
  readonly bytes: number
}

/** What words mean on a machine. Every method throws a `LitmusProblem` for a word that means nothing. */
export class Scope {
  readonly machine: Machine

  constructor(machine: Machine) {
    this.machine = machine
  }

  cpu(word: Word): CpuId {
    const [, digits] = /^CPU(\d+)$/i.exec(word.text) ?? []
    if (digits === undefined) throw new LitmusProblem(word, `${JSON.stringify(word.text)} is no CPU; write CPU0`)
    const { cpus } = this.machine.topology
    if (Number(digits) >= cpus) throw tooHigh(word, `there are CPUs 0 to ${cpus - 1}; have more cores or threads`)
    return Number(digits)
  }

  /** A page, a huge page or a region. */
  piece(word: Word): Piece {
    const [, what, digits] = /^(page|huge|region)(\d+)$/i.exec(word.text) ?? []
    if (what === undefined)
      throw new LitmusProblem(word, `${JSON.stringify(word.text)} is no address; write page0, huge0 or region0`)
    const kind = what.toLowerCase() as Piece['what']
    const { geometry, rmp } = this.machine
    const bytes = { page: geometry.pageBytes, huge: geometry.hugeBytes, region: geometry.regionBytes }[kind]
    const count = Math.floor((rmp.pages * geometry.pageBytes) / bytes)
    // One more may be named: what lies above all memory.
    if (Number(digits) > count) throw tooHigh(word, `there are ${kind}0 to ${kind}${count - 1}`)
    return { what: kind, index: Number(digits), spa: Number(digits) * bytes, bytes }
  }

  /** The same, where it must be in memory. */
  present(word: Word): Piece {
    const piece = this.piece(word)
    const { rmp, geometry } = this.machine
    if (piece.spa + piece.bytes > rmp.pages * geometry.pageBytes) throw tooHigh(word, 'it lies above all memory')
    return piece
  }

  page(word: Word): number {
    const { what, index } = this.present(word)
    if (what !== 'page') throw new LitmusProblem(word, `${JSON.stringify(word.text)} is no page; write page0`)
    return index
  }

  region(word: Word): RegionIndex {
    const { what, index } = this.present(word)
    if (what !== 'region') throw new LitmusProblem(word, `${JSON.stringify(word.text)} is no region; write region0`)
    return index
  }

  /** A sum of addresses and numbers: a system or a guest physical address. */
  address(words: readonly Word[]): number {
    return words.reduce((sum, word) => sum + (/^\d/.test(word.text) ? numberOf(word) : this.piece(word).spa), 0)
  }
}

function tooHigh(word: Word, advice: string): LitmusProblem {
  return new LitmusProblem(word, `${JSON.stringify(word.text)} is too high; ${advice}`)
}

/** A whole number, decimal or hexadecimal. */
export function numberOf(word: Word): number {
  if (!/^(\d+|0x[\da-f]+)$/i.test(word.text))
    throw new LitmusProblem(word, `${JSON.stringify(word.text)} is no whole number; write 1 or 0x1`)
  return Number(word.text)
}

/** A whole number that is one of few. */
export function numberIn(word: Word, min: number, max: number): number {
  const number = numberOf(word)
  if (number < min || number > max) throw new LitmusProblem(word, `${word.text} is out of range; give ${min} to ${max}`)
  return number
}

/** The operands of an instruction, taken by what they are. What is left over at the end is wrong. */
export class Operands {
  readonly #of: Word
  readonly #left: Operand[]

  constructor(of: Word, operands: readonly Operand[]) {
    this.#of = of
    this.#left = [...operands]
  }

  /** The first operand, whatever it is. @param what for the message */
  first(what: string, isMemory = false): readonly Word[] {
    const operand = this.#left.shift()
    if (operand === undefined) throw new LitmusProblem(this.#of, `${this.#of.text} needs ${what}; add it`)
    if (operand.key !== undefined || operand.isMemory !== isMemory) throw new LitmusProblem(operand, `expected ${what} here`)
    return operand.words
  }

  get isMemoryNext(): boolean {
    return this.#left[0]?.isMemory === true
  }

  /** Whether a flag is given. */
  flag(name: string): boolean {
    return this.oneOf([name]) !== undefined
  }

  /** Which of several flags is given, if any. */
  oneOf<Name extends string>(names: readonly Name[]): Name | undefined {
    const at = this.#left.findIndex(({ key, words }) => key === undefined && names.some((name) => isWord(words[0], name)))
    if (at < 0) return undefined
    const [{ words }] = this.#left.splice(at, 1)
    return names.find((name) => isWord(words[0], name))
  }

  /** The value of a key, if it is given. */
  value(key: string): readonly Word[] | undefined {
    const at = this.#left.findIndex((operand) => operand.key !== undefined && isWord(operand.key, key))
    return at < 0 ? undefined : this.#left.splice(at, 1)[0].words
  }

  /** @param known what could have been meant */
  end(known: readonly string[]): void {
    const [extra] = this.#left
    if (extra === undefined) return
    const given = extra.key?.text ?? extra.words[0].text
    if (known.some((name) => name.toLowerCase() === given.toLowerCase()))
      throw new LitmusProblem(extra, `${JSON.stringify(given)} is one too many after what stands before it; remove one`)
    if (known.length === 0) throw new LitmusProblem(extra, `${this.#of.text} takes no ${JSON.stringify(given)}; remove it`)
    throw unknown(extra, `operand of ${this.#of.text.toUpperCase()}`, given, known)
  }
}

export function isWord(word: Word, text: string): boolean {
  return word.text.toLowerCase() === text.toLowerCase()
}
