import { MSR_NAMES, type PageSize, SYSCFG_MEM_ENCRYPT, SYSCFG_MFDM, SYSCFG_SNP_EN, SYSCFG_VMPL_EN } from '../../arch/index.ts'
import type { Instruction } from '../../machine/index.ts'
import { LitmusProblem } from './problem.ts'
import { isWord, numberIn, numberOf, type Operands, type Scope } from './scope.ts'
import type { Word } from './syntax.ts'

/** Who executes a column of a file. */
export interface Executor {
  readonly who: 'hypervisor' | 'ordinary guest' | 'SNP guest'
  readonly asid: number
  readonly vmpl: 0 | 1 | 2 | 3
}

type Reader = (scope: Scope, operands: Operands, executor: Executor) => Instruction

/** Each instruction by its mnemonic: what its operands are. */
export const INSTRUCTIONS: Readonly<Record<string, Reader>> = {
  RMPOPT: (scope, operands) => {
    const rax = scope.address(operands.first('a region such as region0'))
    const rcx = operands.value('rcx')
    const how = operands.oneOf(['verify', 'report'])
    const cpl = cplOf(operands)
    operands.end(['verify', 'report', 'rcx', 'cpl'])
    return { name: 'RMPOPT', rax, rcx: rcx === undefined ? (how === 'report' ? 1 : 0) : numberOf(rcx[0]), ...cpl }
  },
  RMPUPDATE: (scope, operands) => {
    const first = operands.first('a page or huge page')
    const rax = scope.address(first)
    const size = sizeOf(operands, first)
    const assigned = operands.oneOf(['assigned', 'shared']) !== 'shared'
    const asid = numberIn(operands.value('asid')?.[0] ?? zero(first[0]), 0, 65_535)
    const gpaGiven = operands.value('gpa')
    const gpa = gpaGiven === undefined ? (assigned && asid > 0 ? rax : 0) : scope.address(gpaGiven)
    const immutable = operands.flag('immutable')
    const cpl = cplOf(operands)
    operands.end(['assigned', 'shared', 'asid', 'gpa', 'immutable', '4K', '2M', 'cpl'])
    return { name: 'RMPUPDATE', rax, input: { assigned, asid, gpa, size, immutable }, ...cpl }
  },
  PSMASH: (scope, operands) => plain('PSMASH', scope, operands, 'a huge page'),
  RMPREAD: (scope, operands) => plain('RMPREAD', scope, operands, 'a page'),
  PVALIDATE: (scope, operands, executor) => {
    const first = operands.first('a page or huge page')
    const size = sizeOf(operands, first)
    const guest = guestContext(scope, operands, executor, first, size)
    const validate = operands.oneOf(['valid', 'invalid']) !== 'invalid'
    const cpl = cplOf(operands)
    operands.end(['valid', 'invalid', 'gpa', 'mapping', '4K', '2M', 'cpl'])
    return { name: 'PVALIDATE', guest, size, validate, ...cpl }
  },
  RMPADJUST: (scope, operands, executor) => {
    const first = operands.first('a page or huge page')
    const size = sizeOf(operands, first)
    const guest = guestContext(scope, operands, executor, first, size)
    const targetVmpl = vmplOf(operands, first)
    const rights = operands.value('rights')?.[0]
    const permissions = rights === undefined ? 0 : rightsOf(rights)
    const vmsa = operands.flag('vmsa')
    const cpl = cplOf(operands)
    operands.end(['vmpl', 'rights', 'vmsa', 'gpa', 'mapping', '4K', '2M', 'cpl'])
    return { name: 'RMPADJUST', guest, size, targetVmpl, permissions, vmsa, ...cpl }
  },
  RMPQUERY: (scope, operands, executor) => {
    const first = operands.first('a page')
    const guest = guestContext(scope, operands, executor, first, '4K')
    const targetVmpl = vmplOf(operands, first)
    const cpl = cplOf(operands)
    operands.end(['vmpl', 'gpa', 'mapping', 'cpl'])
    return { name: 'RMPQUERY', guest, targetVmpl, ...cpl }
  },
  WRMSR: (scope, operands) => {
    const msr = msrOf(operands.first('an MSR such as SYSCFG')[0])
    const words = operands.first('a value such as 0 or enable')
    const cpl = cplOf(operands)
    operands.end(['cpl'])
    const value = words.reduce((sum, word) => sum + bitsOf(scope, word), 0n)
    return { name: 'WRMSR', msr, value, ...cpl }
  },
  RDMSR: (_, operands) => {
    const msr = msrOf(operands.first('an MSR such as SYSCFG')[0])
    const cpl = cplOf(operands)
    operands.end(['cpl'])
    return { name: 'RDMSR', msr, ...cpl }
  },
  WBINVD: (_, operands) => {
    operands.end([])
    return { name: 'WBINVD' }
  },
}

function plain(name: 'PSMASH' | 'RMPREAD', scope: Scope, operands: Operands, what: string): Instruction {
  const rax = scope.address(operands.first(what))
  const cpl = cplOf(operands)
  operands.end(['cpl'])
  return { name, rax, ...cpl }
}

function cplOf(operands: Operands): { readonly cpl?: number } {
  const cpl = operands.value('cpl')
  return cpl === undefined ? {} : { cpl: numberIn(cpl[0], 0, 3) }
}

/** A huge page is meant as a whole unless 4K says otherwise. */
function sizeOf(operands: Operands, address: readonly Word[]): PageSize {
  return operands.oneOf(['4K', '2M']) ?? (/^huge/i.test(address[0].text) ? '2M' : '4K')
}

function guestContext(scope: Scope, operands: Operands, executor: Executor, address: readonly Word[], size: PageSize) {
  if (executor.who !== 'SNP guest')
    throw new LitmusProblem(address[0], 'only an SNP guest executes this; head the column "CPU0 guest asid=1"')
  const spa = scope.address(address)
  const gpa = operands.value('gpa')
  const mapping = operands.value('mapping')?.[0]
  return {
    asid: executor.asid,
    vmpl: executor.vmpl,
    spa,
    gpa: gpa === undefined ? spa : scope.address(gpa),
    mapping: mapping === undefined ? size : isWord(mapping, '2M') ? ('2M' as const) : ('4K' as const),
  }
}

function vmplOf(operands: Operands, address: readonly Word[]): 0 | 1 | 2 | 3 {
  const vmpl = operands.value('vmpl')
  if (vmpl === undefined) throw new LitmusProblem(address[0], 'the VMPL is missing; add vmpl=1')
  return numberIn(vmpl[0], 0, 3) as 0 | 1 | 2 | 3
}

const RIGHTS = 'rwus'

/** `rw`: read and write; u and s: execute as user and as supervisor; `none`. */
function rightsOf(word: Word): number {
  if (isWord(word, 'none')) return 0
  return [...word.text.toLowerCase()].reduce((rights, letter) => {
    if (!RIGHTS.includes(letter))
      throw new LitmusProblem(word, `${JSON.stringify(word.text)} are no rights; write letters of ${RIGHTS}, or none`)
    return rights | (1 << RIGHTS.indexOf(letter))
  }, 0)
}

function msrOf(word: Word): number {
  const named = Object.entries(MSR_NAMES).find(([, name]) => isWord(word, name))
  if (named !== undefined) return Number(named[0])
  if (/^0x/i.test(word.text)) return numberOf(word)
  throw new LitmusProblem(
    word,
    `${JSON.stringify(word.text)} is no MSR; choose one of ${Object.values(MSR_NAMES).join(', ')}, or give a number 0x…`,
  )
}

const BITS: Readonly<Record<string, bigint>> = {
  enable: 1n,
  mfdm: SYSCFG_MFDM,
  mem_encrypt: SYSCFG_MEM_ENCRYPT,
  snp_en: SYSCFG_SNP_EN,
  vmpl_en: SYSCFG_VMPL_EN,
}

const written = (bit: string) => (bit === 'enable' ? bit : bit.toUpperCase())

function bitsOf(scope: Scope, word: Word): bigint {
  const bits = BITS[word.text.toLowerCase()]
  if (bits !== undefined) return bits
  if (/^\d/.test(word.text)) return BigInt(numberOf(word))
  if (/^(page|huge|region)\d/i.test(word.text)) return BigInt(scope.piece(word).spa)
  throw new LitmusProblem(
    word,
    `${JSON.stringify(word.text)} is no value; add up numbers, addresses and ${Object.keys(BITS).map(written).join(', ')}`,
  )
}

function zero(place: Word): Word {
  return { ...place, text: '0' }
}
