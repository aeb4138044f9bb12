import { describe, expect, it } from 'vitest'
import { errorCodeHas, FAIL_PERMISSION, FAIL_SIZEMISMATCH, NPF_RMP, NPF_SIZEM, SUCCESS } from '../../arch/index.ts'
import { assign, guestOf, PAGE, put, pvalidate, stateOf } from '../../testing/instructions.ts'
import { enableSnp, smallMachine } from '../../testing/machines.ts'
import type { GuestContext, Machine, Outcomes } from '../index.ts'

type Vmpl = GuestContext['vmpl']

function adjust(pfn: number, targetVmpl: Vmpl, permissions: number, over: Partial<GuestContext> = {}, size: '4K' | '2M' = '4K') {
  return {
    name: 'RMPADJUST',
    guest: guestOf(pfn, { mapping: size, ...over }),
    size,
    targetVmpl,
    permissions,
    vmsa: false,
  } as const
}

function query(pfn: number, targetVmpl: Vmpl, over: Partial<GuestContext> = {}) {
  return { name: 'RMPQUERY', guest: guestOf(pfn, over), targetVmpl } as const
}

function validated(size: '4K' | '2M' = '4K'): Machine {
  const machine = enableSnp(smallMachine())
  machine.execute(0, assign(2, { size }))
  machine.execute(0, pvalidate(2, true, size))
  return machine
}

function npfCode(outcome: Outcomes['RMPADJUST' | 'RMPQUERY']): number {
  return outcome.kind === 'fault' && 'errorCode' in outcome.fault ? outcome.fault.errorCode : 0
}

describe('RMPADJUST (§2) [APM]', () => {
  it('gives a less privileged VMPL rights on a page, which RMPQUERY reads back', () => {
    const machine = validated()
    expect(machine.execute(0, query(2, 1))).toEqual({ kind: 'done', eax: SUCCESS, size: '4K', permissions: 0, vmsa: false })
    expect(machine.execute(0, adjust(2, 1, 0b0011))).toEqual({ kind: 'done', eax: SUCCESS })
    expect(machine.execute(0, query(2, 1))).toMatchObject({ permissions: 0b0011 })
    expect(machine.execute(0, query(2, 2))).toMatchObject({ permissions: 0 })
    expect(machine.execute(0, query(3, 1, { gpa: 3 * PAGE }))).toMatchObject({ kind: 'fault' })
    expect(machine.execute(0, adjust(2, 1, 0b0001))).toEqual({ kind: 'done', eax: SUCCESS })
    expect(machine.execute(0, query(2, 1))).toMatchObject({ permissions: 0b0001 })
  })

  it('marks a page as a VMSA, and unmarks it', () => {
    const machine = validated()
    machine.execute(0, { ...adjust(2, 1, 0), vmsa: true })
    expect(machine.rmp.entry(2)).toMatchObject({ vmsa: true, validated: true, asid: 1 })
    expect(machine.execute(0, query(2, 1))).toMatchObject({ vmsa: true })
    machine.execute(0, adjust(2, 1, 0))
    expect(machine.rmp.entry(2).vmsa).toBe(false)
  })

  it('gives rights down only, and none that the giver lacks: FAIL_PERMISSION', () => {
    const machine = validated()
    for (const [own, target] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [3, 2],
    ] as const) {
      expect(machine.execute(0, adjust(2, target, 1, { vmpl: own }))).toEqual({ kind: 'done', eax: FAIL_PERMISSION })
    }
    machine.execute(0, adjust(2, 1, 0b0001))
    expect(machine.execute(0, adjust(2, 2, 0b0010, { vmpl: 1 }))).toEqual({ kind: 'done', eax: FAIL_PERMISSION })
    expect(machine.execute(0, adjust(2, 2, 0b0001, { vmpl: 1 }))).toEqual({ kind: 'done', eax: SUCCESS })
  })

  it('of another size: 2M on 4K entries FAIL_SIZEMISMATCH, 4K in a 2M entry #NPF with SIZEM (§2, §4) [K]', () => {
    expect(validated().execute(0, adjust(2, 1, 1, {}, '2M'))).toEqual({ kind: 'done', eax: FAIL_SIZEMISMATCH })
    const errorCode = npfCode(validated('2M').execute(0, adjust(3, 1, 1)))
    expect([errorCodeHas(errorCode, NPF_RMP), errorCodeHas(errorCode, NPF_SIZEM)]).toEqual([true, true])
  })

  it('of a large page gives rights on all of it', () => {
    const machine = validated('2M')
    expect(machine.execute(0, adjust(2, 3, 0b0111, {}, '2M'))).toEqual({ kind: 'done', eax: SUCCESS })
    expect([machine.rmp.permissions(2, 3), machine.rmp.permissions(3, 3)]).toEqual([7, 7])
    expect(machine.execute(0, query(3, 3))).toMatchObject({ eax: SUCCESS, size: '2M', permissions: 7 })
  })

  it('of a page that is not the guest’s own, or not validated: #NPF with the RMP bit, nothing changes', () => {
    const machine = validated()
    put(machine, 1, 'Guest-Invalid')
    put(machine, 4, 'Pre-Guest')
    for (const instruction of [
      adjust(2, 1, 1, { asid: 2 }),
      adjust(2, 1, 1, { gpa: 0 }),
      adjust(1, 1, 1),
      adjust(4, 1, 1),
      adjust(5, 1, 1),
    ]) {
      expect(errorCodeHas(npfCode(machine.execute(0, instruction)), NPF_RMP)).toBe(true)
    }
    expect(stateOf(machine, 1)).toBe('Guest-Invalid')
    expect(machine.rmp.permissions(2, 1)).toBe(0)
  })

  it('is #UD without SNP, and on a CPU without SNP_EN', () => {
    const machine = enableSnp(smallMachine(), { cpus: [1], init: false })
    expect(machine.execute(0, adjust(0, 1, 1))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
    expect(smallMachine({ features: { snp: false } }).execute(0, adjust(0, 1, 1))).toEqual({
      kind: 'fault',
      fault: { vector: '#UD' },
    })
  })
})

describe('RMPQUERY (§2) [APM]', () => {
  it('is #UD without CPUID 8000_001F EAX bit 6', () => {
    const machine = enableSnp(smallMachine({ features: { rmpquery: false } }))
    expect(machine.execute(0, query(0, 1))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
  })

  it('of another guest’s page is #NPF with the RMP bit', () => {
    expect(errorCodeHas(npfCode(validated().execute(0, query(2, 1, { asid: 2 }))), NPF_RMP)).toBe(true)
  })

  it('changes nothing', () => {
    const machine = validated()
    const before = machine.rmp.entry(2)
    machine.execute(0, query(2, 1))
    expect(machine.rmp.entry(2)).toEqual(before)
  })
})
