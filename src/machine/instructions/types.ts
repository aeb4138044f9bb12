import type { Fault, Gpa, ReturnCode, RmpReadForm, RmpUpdateInput, Spa } from '../../arch/index.ts'

/** What a guest instruction brings along: who executes it, and what the nested page tables say of its operand. */
export interface GuestContext {
  readonly asid: number
  readonly vmpl: 0 | 1 | 2 | 3
  /** Guest physical address of the operand, page aligned. */
  readonly gpa: Gpa
  /** System physical address that the nested page tables map `gpa` to. */
  readonly spa: Spa
  /** Size of that mapping. */
  readonly mapping: '4K' | '2M'
}

/** An instruction with its operands. `cpl` is 0 where it is not given. */
export type Instruction =
  | { readonly name: 'RMPOPT'; readonly rax: Spa; readonly rcx: number; readonly cpl?: number }
  | { readonly name: 'RMPUPDATE'; readonly rax: Spa; readonly input: RmpUpdateInput; readonly cpl?: number }
  | { readonly name: 'PSMASH'; readonly rax: Spa; readonly cpl?: number }
  | { readonly name: 'RMPREAD'; readonly rax: Spa; readonly cpl?: number }
  | {
      readonly name: 'PVALIDATE'
      readonly guest: GuestContext
      readonly size: '4K' | '2M'
      readonly validate: boolean
      readonly cpl?: number
    }
  | {
      readonly name: 'RMPADJUST'
      readonly guest: GuestContext
      readonly size: '4K' | '2M'
      readonly targetVmpl: 0 | 1 | 2 | 3
      /** VMPL permissions: bit 0 read, 1 write, 2 user execute, 3 supervisor execute [APM]. */
      readonly permissions: number
      readonly vmsa: boolean
      readonly cpl?: number
    }
  | { readonly name: 'RMPQUERY'; readonly guest: GuestContext; readonly targetVmpl: 0 | 1 | 2 | 3; readonly cpl?: number }
  | { readonly name: 'WRMSR'; readonly msr: number; readonly value: bigint; readonly cpl?: number }
  | { readonly name: 'RDMSR'; readonly msr: number; readonly cpl?: number }
  | { readonly name: 'WBINVD' }

export interface Faulted {
  readonly kind: 'fault'
  readonly fault: Fault
}

/** AMD's text does not say what happens; the model does not guess. */
export interface UnspecifiedBehaviour {
  readonly kind: 'unspecified'
  readonly instruction: Instruction['name']
  /** Which operand, with its value. */
  readonly operand: string
  /** Section of the reference that says it is not documented. */
  readonly section: string
}

export interface RmpoptDone {
  readonly kind: 'done'
  /** RFLAGS.CF: the region is optimised on this core. */
  readonly cf: boolean
  /** How the answer came about. */
  readonly how: 'scanned' | 'cached' | 'reported' | 'out of reach'
  /** 2 MiB summaries read. */
  readonly summaries: number
}
/** RMPUPDATE, PSMASH, RMPADJUST: a return code in EAX. */
export interface CodeDone {
  readonly kind: 'done'
  readonly eax: ReturnCode
}
export interface PvalidateDone extends CodeDone {
  /** RFLAGS.CF: the page already was in the requested state. */
  readonly cf: boolean
}
export interface RmpqueryDone extends CodeDone {
  readonly size: '4K' | '2M'
  readonly permissions: number
  readonly vmsa: boolean
}
export interface RmpreadDone extends CodeDone {
  /** What was written to memory; absent when EAX says it failed. */
  readonly form?: RmpReadForm
}
export interface RdmsrDone {
  readonly kind: 'done'
  readonly value: bigint
}
export interface PlainDone {
  readonly kind: 'done'
}

/** What each instruction may answer. */
export interface Outcomes {
  RMPOPT: RmpoptDone | Faulted | UnspecifiedBehaviour
  RMPUPDATE: CodeDone | Faulted
  PSMASH: CodeDone | Faulted
  RMPREAD: RmpreadDone | Faulted
  PVALIDATE: PvalidateDone | Faulted
  RMPADJUST: CodeDone | Faulted
  RMPQUERY: RmpqueryDone | Faulted
  WRMSR: PlainDone | Faulted
  RDMSR: RdmsrDone | Faulted
  WBINVD: PlainDone
}
export type Outcome = Outcomes[Instruction['name']]

/**
 * The micro-steps of an instruction: between two of them any other CPU may act. The clock runs them as one operation, an
 * exhaustive search interleaves them.
 */
export type Steps<T> = Generator<MicroStep, T, void>
export type MicroStep = 'lock' | 'look up' | 'read summary' | 'write' | 'broadcast' | 'shoot down' | 'publish'

export const UD: Faulted = { kind: 'fault', fault: { vector: '#UD' } }
export const GP: Faulted = { kind: 'fault', fault: { vector: '#GP' } }
export const DONE: PlainDone = { kind: 'done' }

/** Outcomes with just a return code, made once. */
const codes = new Map<ReturnCode, CodeDone>()
export function code(eax: ReturnCode): CodeDone {
  let outcome = codes.get(eax)
  if (outcome === undefined) codes.set(eax, (outcome = { kind: 'done', eax }))
  return outcome
}
