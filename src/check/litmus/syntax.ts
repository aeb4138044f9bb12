import type { Place } from './problem.ts'

/** A litmus file, line by line, as it was written: enough to print it again, comments and all. */
export interface LitmusFile {
  readonly lines: readonly Line[]
}

/** `comment`: what follows a semicolon, without it; trimmed. */
export type Line = LineContent & Place & { readonly comment?: string }

export type LineContent =
  | { readonly kind: 'blank' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'description'; readonly text: string }
  | { readonly kind: 'source'; readonly text: string }
  | { readonly kind: 'machine'; readonly settings: readonly Operand[] }
  | { readonly kind: 'init' }
  | { readonly kind: 'setup'; readonly setup: Setup }
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'row'; readonly cells: readonly (Instr | undefined)[] }
  | { readonly kind: 'show'; readonly terms: readonly Term[] }
  | { readonly kind: 'condition'; readonly quantifier: Quantifier; readonly condition: Condition }

export type Quantifier = 'exists' | 'forall' | 'never'

/** A word of the file, and where it stands. */
export interface Word extends Place {
  readonly text: string
}

/** `gpa=page3`, `[page3]`, `region0+enable`, `2M`: one or several words that are added up, perhaps for a key, perhaps in brackets. */
export interface Operand extends Place {
  readonly key?: Word
  readonly isMemory: boolean
  readonly words: readonly Word[]
}

/** An instruction, a firmware command or a MOV, as written. */
export interface Instr extends Place {
  readonly label?: Word
  readonly mnemonic: Word
  readonly operands: readonly Operand[]
}

/** What one CPU does, or a guest on it. */
export interface Column extends Place {
  readonly cpu: Word
  /** `guest`, `asid=1`: nothing for the hypervisor. */
  readonly who: readonly Operand[]
}

/** One thing that is so before the programs begin. */
export type Setup =
  | { readonly kind: 'switch'; readonly name: Word; readonly value: Word }
  | { readonly kind: 'entry'; readonly where: Word; readonly state: Word; readonly fields: readonly Operand[] }
  | { readonly kind: 'memory'; readonly where: Word; readonly value: Word }
  | { readonly kind: 'optimised'; readonly region: Word; readonly cpus: readonly Word[] }
  | { readonly kind: 'run'; readonly cpu: Word; readonly instr: Instr }

/** Something that has a value at the end. */
export type Term =
  /** `CPU0:CF`, `a:EAX`, `page3:assigned`. */
  | ({ readonly kind: 'field'; readonly of: Word; readonly field: Word } & Place)
  /** `[page3]`. */
  | ({ readonly kind: 'memory'; readonly where: Word } & Place)
  /** `optimised(region0, CPU1)`. */
  | ({ readonly kind: 'call'; readonly name: Word; readonly args: readonly Word[] } & Place)

export type Condition =
  | { readonly kind: 'and' | 'or' | 'implies'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Without a value: it is not 0. */
  | { readonly kind: 'is'; readonly term: Term; readonly operator: '=' | '!='; readonly value: Word | undefined }
