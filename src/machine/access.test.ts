import { describe, expect, it } from 'vitest'
import {
  errorCodeHas,
  GIB,
  MIB,
  NPF_ENC,
  NPF_FINAL,
  NPF_RMP,
  NPF_SIZEM,
  NPF_TABLE,
  NPF_VMPL,
  PF_RMP,
  PF_WRITE,
} from '../arch/index.ts'
import {
  assign,
  guestAccess,
  guestOf,
  PAGE,
  psmash,
  put,
  pvalidate,
  STATES,
  type StateWithBits,
  share,
  verify,
} from '../testing/instructions.ts'
import { enableSnp, smallMachine, tinyMachine } from '../testing/machines.ts'
import { type Access, type AccessOutcome, access, firmwareCommand, type Machine } from './index.ts'

const ASSIGNED_STATES: readonly StateWithBits[] = STATES.filter((state) => state !== 'Hypervisor' && state !== 'HV-Fixed')
const OUTSIDERS = ['hypervisor', 'ordinary guest'] as const

const outsider = (who: (typeof OUTSIDERS)[number], pfn: number, write: boolean, mapping = PAGE): Access => ({
  who,
  spa: pfn * PAGE,
  write,
  mapping,
})
const hypervisorWrite = (pfn: number, mapping = PAGE) => outsider('hypervisor', pfn, true, mapping)

const passes = (outcome: AccessOutcome) => outcome.kind === 'passed'
function errorCode(outcome: AccessOutcome, vector: '#PF' | '#NPF'): number {
  expect(outcome).toMatchObject({ kind: 'fault', fault: { vector } })
  return outcome.kind === 'fault' && 'errorCode' in outcome.fault ? outcome.fault.errorCode : 0
}
const bitsOf = (code: number) => [...Array(40).keys()].filter((bit) => errorCodeHas(code, 2 ** bit))

describe('the hypervisor and ordinary guests read (§5 row 1) [K]', () => {
  it('always, whatever the page', () => {
    for (const who of OUTSIDERS) {
      for (const state of STATES) {
        const machine = enableSnp(smallMachine())
        put(machine, 0, state)
        expect(access(machine, 0, outsider(who, 0, false)), `${who} ${state}`).toEqual({ kind: 'passed', how: 'no check' })
      }
    }
  })
})

describe('the hypervisor and ordinary guests write (§5 row 2)', () => {
  it('where the entry is not assigned, and nowhere else [K]', () => {
    for (const who of OUTSIDERS) {
      for (const state of STATES) {
        const machine = enableSnp(smallMachine())
        put(machine, 0, state)
        expect(passes(access(machine, 0, outsider(who, 0, true))), `${who} ${state}`).toBe(!ASSIGNED_STATES.includes(state))
        expect(passes(access(machine, 0, outsider(who, 1, true))), 'the page beside it').toBe(true)
      }
    }
  })

  it('not to any page of a large entry (§3)', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 2, 'Guest-Valid', '2M')
    expect([1, 2, 3, 4].map((pfn) => passes(access(machine, 0, hypervisorWrite(pfn))))).toEqual([true, false, false, true])
  })

  it('not through a 2M mapping with an assigned 4K page in it, though their own page is free [K]', () => {
    for (const pfn of [512, 800, 1023]) {
      const machine = enableSnp(tinyMachine())
      machine.execute(0, assign(pfn))
      expect(passes(access(machine, 0, hypervisorWrite(900, 2 * MIB)))).toBe(false)
      expect(passes(access(machine, 0, hypervisorWrite(900, PAGE)))).toBe(true)
      expect(passes(access(machine, 0, hypervisorWrite(300, 2 * MIB)))).toBe(true)
      expect(passes(access(machine, 0, hypervisorWrite(1024, 2 * MIB)))).toBe(true)
    }
  })

  it('through a 1 GiB mapping as through 2 MiB ones (§3) [K]', () => {
    const machine = enableSnp(tinyMachine())
    machine.execute(0, assign(600))
    expect(passes(access(machine, 0, hypervisorWrite(700, GIB)))).toBe(false)
    expect(passes(access(machine, 0, hypervisorWrite(300, GIB)))).toBe(true)
    expect(passes(access(machine, 0, hypervisorWrite(700, GIB)))).toBe(false) // the translation just filled does not reach here
  })

  it('else #PF for the hypervisor: RMP bit 31, a write to a present page (§2) [K]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(1))
    const outcome = access(machine, 0, { ...hypervisorWrite(1), spa: PAGE + 24 })
    expect(errorCode(outcome, '#PF')).toBe(2 ** 31 + 0b11)
    expect(errorCodeHas(errorCode(outcome, '#PF'), PF_RMP)).toBe(true)
    expect(outcome).toMatchObject({ fault: { address: PAGE + 24 } })
  })

  it('else a fault with RMP bit 31 for an ordinary guest (§2)', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(1))
    const outcome = access(machine, 0, outsider('ordinary guest', 1, true))
    expect(outcome.kind === 'fault' && 'errorCode' in outcome.fault && errorCodeHas(outcome.fault.errorCode, 2 ** 31)).toBe(true)
  })
})

describe('an SNP guest on its private memory (§5 row 3) [APM]', () => {
  const valid = (size: '4K' | '2M' = '4K'): Machine => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(2, { size }))
    machine.execute(0, pvalidate(2, true, size))
    return machine
  }

  it('reads and writes where the page is assigned to it, at that address, and validated', () => {
    for (const write of [true, false]) {
      expect(access(valid(), 0, guestAccess(2, { write }))).toEqual({ kind: 'passed', how: 'checked' })
      expect(access(valid('2M'), 0, guestAccess(3, { write, mapping: 2 * PAGE }))).toEqual({ kind: 'passed', how: 'checked' })
    }
  })

  it('and in no state but Guest-Valid', () => {
    for (const state of STATES) {
      if (state === 'Pre-Swap' || state === 'Guest-Valid') continue
      for (const write of [true, false]) {
        const machine = enableSnp(smallMachine())
        put(machine, 0, state)
        const code = errorCode(access(machine, 0, guestAccess(0, { write })), '#NPF')
        expect(errorCodeHas(code, NPF_RMP), state).toBe(true)
      }
    }
  })

  it('not as another guest, nor at another guest address', () => {
    for (const over of [{ asid: 2 }, { gpa: 5 * PAGE }]) {
      for (const write of [true, false]) {
        expect(errorCodeHas(errorCode(access(valid(), 0, guestAccess(2, { ...over, write })), '#NPF'), NPF_RMP)).toBe(true)
      }
    }
  })

  it('at each page of a large entry at its own address only', () => {
    const machine = valid('2M')
    expect(passes(access(machine, 0, guestAccess(3, { mapping: 2 * PAGE, gpa: 2 * PAGE })))).toBe(false)
    expect(passes(access(machine, 0, guestAccess(3, { mapping: 2 * PAGE })))).toBe(true)
  })

  it('not through a 2M mapping of 4K entries: SIZEM (§2) [K]', () => {
    const machine = enableSnp(smallMachine())
    for (const pfn of [2, 3]) {
      machine.execute(0, assign(pfn))
      machine.execute(0, pvalidate(pfn))
    }
    const code = errorCode(access(machine, 0, guestAccess(2, { mapping: 2 * PAGE })), '#NPF')
    expect([errorCodeHas(code, NPF_RMP), errorCodeHas(code, NPF_SIZEM)]).toEqual([true, true])
    expect(passes(access(machine, 0, guestAccess(2)))).toBe(true)
  })

  it('as far as its VMPL permits: bit 36 else (§2) [K]', () => {
    const machine = valid()
    const attempt = (write: boolean, vmpl: 0 | 1) => access(machine, vmpl, guestAccess(2, { write, vmpl })) // each VMPL on a CPU of its own
    const code = errorCode(attempt(false, 1), '#NPF')
    expect([errorCodeHas(code, NPF_RMP), errorCodeHas(code, NPF_VMPL)]).toEqual([true, true])
    machine.execute(0, { name: 'RMPADJUST', guest: guestOf(2), size: '4K', targetVmpl: 1, permissions: 1, vmsa: false })
    expect(passes(attempt(false, 1))).toBe(true)
    expect(errorCodeHas(errorCode(attempt(true, 1), '#NPF'), NPF_VMPL)).toBe(true)
    machine.execute(0, { name: 'RMPADJUST', guest: guestOf(2), size: '4K', targetVmpl: 1, permissions: 3, vmsa: false })
    expect(passes(attempt(true, 1))).toBe(true)
    expect(passes(attempt(true, 0))).toBe(true)
  })

  it('says where and how: 31 RMP, 32 final page or 33 table page, 34 C bit (§2) [K]', () => {
    const machine = enableSnp(smallMachine())
    const final = errorCode(access(machine, 0, guestAccess(0)), '#NPF')
    expect(bitsOf(final).filter((bit) => bit >= 31)).toEqual([31, 32, 34])
    expect([NPF_RMP, NPF_FINAL, NPF_TABLE, NPF_ENC]).toEqual([2 ** 31, 2 ** 32, 2 ** 33, 2 ** 34])
    const walk = errorCode(access(machine, 0, guestAccess(0, { tableWalk: true, write: false })), '#NPF')
    expect(bitsOf(walk).filter((bit) => bit >= 31)).toEqual([31, 33, 34])
    expect([errorCodeHas(final, PF_WRITE), errorCodeHas(walk, PF_WRITE)]).toEqual([true, false])
  })

  it('reports the guest physical address', () => {
    const machine = enableSnp(smallMachine())
    expect(access(machine, 0, guestAccess(0, { gpa: 77 * PAGE }))).toMatchObject({ fault: { address: 77 * PAGE } })
  })

  it('is refused where no entry is', () => {
    expect(passes(access(enableSnp(smallMachine()), 0, guestAccess(1000)))).toBe(false)
  })
})

describe('an SNP guest on shared memory (§5 row 4) [APM]', () => {
  it('writes where the entry is not assigned, not even to its own page', () => {
    for (const state of STATES) {
      const machine = enableSnp(smallMachine())
      put(machine, 0, state)
      const outcome = access(machine, 0, guestAccess(0, { isPrivate: false }))
      expect(passes(outcome), state).toBe(!ASSIGNED_STATES.includes(state))
      if (!passes(outcome)) expect(bitsOf(errorCode(outcome, '#NPF')).filter((bit) => bit >= 31)).toEqual([31, 32]) // no C bit
    }
  })

  it('reads what it likes', () => {
    for (const state of STATES) {
      const machine = enableSnp(smallMachine())
      put(machine, 0, state)
      expect(passes(access(machine, 0, guestAccess(0, { isPrivate: false, write: false })))).toBe(true)
    }
  })
})

describe('RMPOPT concerns the second row only (§5) [L v1]', () => {
  it('the entry is not read at all on a hit, by hypervisor or ordinary guest', () => {
    for (const who of OUTSIDERS) {
      const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2 }))
      expect(access(machine, 0, outsider(who, 0, true))).toEqual({ kind: 'passed', how: 'checked' })
      machine.execute(0, verify(machine, 0))
      expect(access(machine, 0, outsider(who, 3, true))).toEqual({ kind: 'passed', how: 'skipped' })
      expect(access(machine, 2, outsider(who, 3, true)), 'the sibling').toEqual({ kind: 'passed', how: 'skipped' })
      expect(access(machine, 1, outsider(who, 3, true)), 'another core').toEqual({ kind: 'passed', how: 'checked' })
      expect(access(machine, 0, outsider(who, 4, true)), 'another region').toEqual({ kind: 'passed', how: 'checked' })
    }
  })

  it('an SNP guest’s access is checked nevertheless', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, verify(machine, 0))
    expect(access(machine, 0, guestAccess(0, { isPrivate: false }))).toEqual({ kind: 'passed', how: 'checked' })
    expect(passes(access(machine, 0, guestAccess(1)))).toBe(false)
  })

  it('reads were never checked', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, verify(machine, 0))
    expect(access(machine, 0, outsider('hypervisor', 0, false))).toEqual({ kind: 'passed', how: 'no check' })
  })
})

describe('a CPU without SNP_EN (§5) [L v9]', () => {
  it('makes no checks whatsoever, whoever runs on it', () => {
    const machine = enableSnp(smallMachine(), { cpus: [1], init: false })
    put(machine, 0, 'Guest-Valid')
    for (const a of [
      hypervisorWrite(0),
      outsider('ordinary guest', 0, true),
      guestAccess(0, { asid: 9 }),
      guestAccess(0, { isPrivate: false }),
    ]) {
      const bare = enableSnp(smallMachine(), { cpus: [1], init: false })
      put(bare, 0, 'Guest-Valid')
      expect(access(bare, 0, a)).toEqual({ kind: 'passed', how: 'no check' })
      expect(passes(access(bare, 1, a))).toBe(false)
    }
  })

  it('is every CPU before SNP and after it was disabled (§1, §7) [seed, L v9]', () => {
    const machine = smallMachine()
    put(machine, 0, 'Guest-Valid')
    expect(access(machine, 0, hypervisorWrite(0))).toEqual({ kind: 'passed', how: 'no check' })
    const later = enableSnp(smallMachine())
    put(later, 0, 'Guest-Valid')
    expect(passes(access(later, 0, hypervisorWrite(0)))).toBe(false)
    firmwareCommand(later, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: true })
    expect(access(later, 0, hypervisorWrite(0))).toEqual({ kind: 'passed', how: 'no check' })
  })

  it('is not one that went through a legacy shutdown (§7) [L v9]', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 0, 'Guest-Valid')
    firmwareCommand(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })
    expect(passes(access(machine, 0, hypervisorWrite(0)))).toBe(false)
  })
})

describe('checks are made when a translation is established (§5) [APM]', () => {
  it('a second access of the same kind uses the first one’s', () => {
    const machine = enableSnp(smallMachine())
    expect(access(machine, 0, hypervisorWrite(0))).toMatchObject({ how: 'checked' })
    expect(access(machine, 0, hypervisorWrite(0))).toMatchObject({ how: 'cached translation' })
    expect(access(machine, 0, outsider('hypervisor', 0, false))).toMatchObject({ how: 'cached translation' })
    expect(access(machine, 1, hypervisorWrite(0))).toMatchObject({ how: 'checked' })
    expect(access(machine, 0, hypervisorWrite(1))).toMatchObject({ how: 'checked' })
  })

  it('an upgrade to write is checked anew', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(0))
    expect(passes(access(machine, 0, outsider('hypervisor', 0, false)))).toBe(true)
    expect(passes(access(machine, 0, hypervisorWrite(0)))).toBe(false)
    machine.execute(0, share(0))
    expect(access(machine, 0, outsider('hypervisor', 0, false))).toMatchObject({ kind: 'passed' })
    expect(access(machine, 0, hypervisorWrite(0))).toEqual({ kind: 'passed', how: 'checked' })
  })

  it('one made before SNP_EN does not outlive it on that CPU [A]', () => {
    const machine = enableSnp(smallMachine(), { cpus: [1], init: false })
    machine.execute(1, assign(0))
    expect(access(machine, 0, hypervisorWrite(0))).toEqual({ kind: 'passed', how: 'no check' })
    enableSnp(machine, { cpus: [0] })
    expect(passes(access(machine, 0, hypervisorWrite(0)))).toBe(false)
  })

  it('a fault leaves no translation', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(0))
    for (const _ of [1, 2]) expect(passes(access(machine, 0, hypervisorWrite(0)))).toBe(false)
  })

  it('a page that was split is checked as what it is now', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 2, 'Guest-Valid', '2M')
    expect(passes(access(machine, 0, guestAccess(2, { mapping: 2 * PAGE })))).toBe(true)
    machine.execute(0, psmash(2))
    expect(passes(access(machine, 0, guestAccess(2, { mapping: 2 * PAGE })))).toBe(false)
    expect(passes(access(machine, 0, guestAccess(2)))).toBe(true)
  })
})
