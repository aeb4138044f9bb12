import { describe, expect, it } from 'vitest'
import { errorCodeHas, FAIL_SIZEMISMATCH, NPF_RMP, NPF_SIZEM, SUCCESS } from '../../arch/index.ts'
import { assign, PAGE, put, pvalidate, STATES, stateOf } from '../../testing/instructions.ts'
import { enableSnp, smallMachine } from '../../testing/machines.ts'
import type { Machine, Outcomes } from '../index.ts'

/** The error code of a #NPF; undefined when it is none. */
function npfCode(outcome: Outcomes['PVALIDATE']): number | undefined {
  return outcome.kind === 'fault' && outcome.fault.vector === '#NPF' ? outcome.fault.errorCode : undefined
}

function expectRmpFault(outcome: Outcomes['PVALIDATE']): void {
  const errorCode = npfCode(outcome)
  expect(errorCode).toBeDefined()
  expect(errorCodeHas(errorCode ?? 0, NPF_RMP)).toBe(true)
}

function machineWith(setUp: (machine: Machine) => void): Machine {
  const machine = enableSnp(smallMachine())
  setUp(machine)
  return machine
}

describe('PVALIDATE moves Guest-Invalid ↔ Guest-Valid (§4) [APM, K]', () => {
  it('accepts a page the hypervisor assigned, and gives the acceptance back', () => {
    const machine = machineWith((m) => m.execute(1, assign(1)))
    expect(machine.execute(0, pvalidate(1))).toEqual({ kind: 'done', eax: SUCCESS, cf: false })
    expect([0, 1].map((pfn) => stateOf(machine, pfn))).toEqual(['Hypervisor', 'Guest-Valid'])
    expect(machine.execute(0, pvalidate(1, false))).toEqual({ kind: 'done', eax: SUCCESS, cf: false })
    expect(stateOf(machine, 1)).toBe('Guest-Invalid')
  })

  it('sets CF when the page already was in the requested state, and changes nothing (§2) [K]', () => {
    for (const [state, validate] of [
      ['Guest-Valid', true],
      ['Guest-Invalid', false],
    ] as const) {
      const machine = machineWith((m) => put(m, 0, state))
      expect(machine.execute(0, pvalidate(0, validate))).toEqual({ kind: 'done', eax: SUCCESS, cf: true })
      expect(stateOf(machine, 0)).toBe(state)
    }
  })

  it('touches no page in another state: #NPF with the RMP bit', () => {
    for (const state of STATES) {
      if (state === 'Guest-Invalid' || state === 'Guest-Valid') continue
      const machine = machineWith((m) => put(m, 0, state))
      for (const validate of [true, false]) expectRmpFault(machine.execute(0, pvalidate(0, validate)))
      expect(stateOf(machine, 0)).toBe(state)
    }
  })

  it('keeps owner, guest address and the other pages', () => {
    const machine = machineWith((m) => {
      m.execute(0, assign(0, { gpa: 5 * PAGE }))
      m.execute(0, assign(1, { gpa: 9 * PAGE }))
    })
    machine.execute(0, pvalidate(0, true, '4K', { gpa: 5 * PAGE }))
    expect(machine.rmp.entry(0)).toMatchObject({ asid: 1, gpa: 5 * PAGE, validated: true, size: '4K' })
    expect(machine.rmp.entry(1)).toMatchObject({ asid: 1, gpa: 9 * PAGE, validated: false })
  })

  it('validates a large page as a whole', () => {
    const machine = machineWith((m) => m.execute(0, assign(2, { size: '2M' })))
    expect(machine.execute(0, pvalidate(2, true, '2M'))).toEqual({ kind: 'done', eax: SUCCESS, cf: false })
    expect([2, 3].map((pfn) => stateOf(machine, pfn))).toEqual(['Guest-Valid', 'Guest-Valid'])
    expect(machine.rmp.entry(3).size).toBe('2M')
  })

  it('does not change how many pages are assigned', () => {
    const machine = machineWith((m) => m.execute(0, assign(0)))
    machine.execute(0, pvalidate(0))
    expect(machine.rmp.assignedPages[0]).toBe(1)
  })
})

describe('PVALIDATE of a page that is not so (§5 row 3) [APM]', () => {
  const wrong = { 'another guest’s': { asid: 2 }, 'mapped at another guest address': { gpa: 3 * PAGE } }
  for (const [what, over] of Object.entries(wrong)) {
    it(`${what}: #NPF with the RMP bit, nothing changes`, () => {
      const machine = machineWith((m) => m.execute(0, assign(1)))
      expectRmpFault(machine.execute(0, pvalidate(1, true, '4K', over)))
      expect(stateOf(machine, 1)).toBe('Guest-Invalid')
    })
  }

  it('without RMP entry: #NPF with the RMP bit', () => {
    expectRmpFault(enableSnp(smallMachine()).execute(0, pvalidate(1000)))
  })
})

describe('PVALIDATE of another size (§2, §4) [K]', () => {
  it('2M on 4K entries, or through a 4K mapping: FAIL_SIZEMISMATCH', () => {
    const small = machineWith((m) => [2, 3].map((pfn) => m.execute(0, assign(pfn))))
    expect(small.execute(0, pvalidate(2, true, '2M'))).toMatchObject({ kind: 'done', eax: FAIL_SIZEMISMATCH })
    expect([2, 3].map((pfn) => stateOf(small, pfn))).toEqual(['Guest-Invalid', 'Guest-Invalid'])
    const large = machineWith((m) => m.execute(0, assign(2, { size: '2M' })))
    expect(large.execute(0, pvalidate(2, true, '2M', { mapping: '4K' }))).toMatchObject({ eax: FAIL_SIZEMISMATCH })
    expect(stateOf(large, 2)).toBe('Guest-Invalid')
  })

  it('4K in a 2M entry: #NPF with SIZEM, for the hypervisor to PSMASH', () => {
    const machine = machineWith((m) => m.execute(0, assign(2, { size: '2M' })))
    for (const pfn of [2, 3]) {
      const errorCode = npfCode(machine.execute(0, pvalidate(pfn)))
      expect([errorCodeHas(errorCode ?? 0, NPF_RMP), errorCodeHas(errorCode ?? 0, NPF_SIZEM)]).toEqual([true, true])
    }
    machine.execute(0, { name: 'PSMASH', rax: 2 * PAGE })
    expect(machine.execute(0, pvalidate(3))).toEqual({ kind: 'done', eax: SUCCESS, cf: false })
    expect([2, 3].map((pfn) => stateOf(machine, pfn))).toEqual(['Guest-Invalid', 'Guest-Valid'])
  })
})

describe('PVALIDATE is there or not (§2) [APM]', () => {
  it('is #UD without SNP and on a CPU without SNP_EN', () => {
    const machine = enableSnp(smallMachine(), { cpus: [0], init: false })
    machine.execute(0, assign(0))
    expect(machine.execute(1, pvalidate(0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
    expect(machine.execute(0, pvalidate(0))).toMatchObject({ kind: 'done' })
    expect(smallMachine({ features: { snp: false } }).execute(0, pvalidate(0))).toEqual({
      kind: 'fault',
      fault: { vector: '#UD' },
    })
  })

  it('is for VMPL 0 only', () => {
    const machine = machineWith((m) => m.execute(0, assign(0)))
    for (const vmpl of [1, 2, 3] as const) {
      expect(machine.execute(0, pvalidate(0, true, '4K', { vmpl }))).not.toMatchObject({ eax: SUCCESS })
    }
    expect(stateOf(machine, 0)).toBe('Guest-Invalid')
  })
})
