import { describe, expect, it } from 'vitest'
import { FAIL_INPUT, SUCCESS } from '../../arch/index.ts'
import { assign, guestOf, PAGE, psmash, put, pvalidate, STATES, share, stateOf } from '../../testing/instructions.ts'
import { enableSnp, smallMachine, tinyMachine } from '../../testing/machines.ts'

const done = (eax: number) => ({ kind: 'done', eax })

describe('PSMASH splits a 2M entry (§4) [APM, K]', () => {
  it('into 512 4K ones, of the same guest at consecutive guest pages', () => {
    const machine = enableSnp(tinyMachine())
    machine.execute(0, assign(1024, { size: '2M', asid: 9, gpa: 512 * PAGE }))
    expect(machine.execute(0, psmash(1024))).toEqual(done(SUCCESS))
    for (const i of [0, 1, 255, 511]) {
      const gpa = (512 + i) * PAGE
      expect(machine.rmp.entry(1024 + i)).toEqual({
        assigned: true,
        size: '4K',
        immutable: false,
        validated: false,
        vmsa: false,
        asid: 9,
        gpa,
      })
    }
    expect(machine.rmp.assignedPages[0]).toBe(512)
    expect([stateOf(machine, 1023), stateOf(machine, 1536)]).toEqual(['Hypervisor', 'Hypervisor'])
  })

  for (const state of ['Guest-Invalid', 'Guest-Valid'] as const) {
    it(`keeps Validated: ${state} stays ${state}, page by page`, () => {
      const machine = enableSnp(smallMachine())
      put(machine, 0, state, '2M')
      expect(machine.execute(0, psmash(0))).toEqual(done(SUCCESS))
      expect([0, 1].map((pfn) => [stateOf(machine, pfn), machine.rmp.entry(pfn).size])).toEqual([
        [state, '4K'],
        [state, '4K'],
      ])
    })
  }

  it('leaves pieces that live on their own: validated, taken back and given to others one by one', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(2, { size: '2M' }))
    machine.execute(0, pvalidate(2, true, '2M'))
    machine.execute(0, psmash(2))
    machine.execute(0, pvalidate(3, false))
    expect([stateOf(machine, 2), stateOf(machine, 3)]).toEqual(['Guest-Valid', 'Guest-Invalid'])
    machine.execute(0, share(2))
    machine.execute(0, assign(2, { asid: 2 }))
    expect([machine.rmp.asid(2), machine.rmp.asid(3)]).toEqual([2, 1])
  })

  it('keeps what RMPADJUST gave [APM]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(2, { size: '2M' }))
    machine.execute(0, pvalidate(2, true, '2M'))
    const guest = guestOf(2, { mapping: '2M' })
    expect(machine.execute(0, { name: 'RMPADJUST', guest, size: '2M', targetVmpl: 1, permissions: 3, vmsa: false })).toEqual(
      done(SUCCESS),
    )
    machine.execute(0, psmash(2))
    expect([machine.rmp.permissions(2, 1), machine.rmp.permissions(3, 1)]).toEqual([3, 3])
  })
})

describe('PSMASH refuses, and nothing changes', () => {
  it('where there is no 2M entry to split [APM]', () => {
    for (const state of STATES) {
      const machine = enableSnp(smallMachine())
      put(machine, 0, state)
      expect(machine.execute(0, psmash(0)), state).not.toEqual(done(SUCCESS))
      expect([stateOf(machine, 0), stateOf(machine, 1)]).toEqual([state, 'Hypervisor'])
    }
  })

  it('an SPA that is not 2M aligned, or that no entry describes: FAIL_INPUT (§2) [APM]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(2, { size: '2M' }))
    expect(machine.execute(0, psmash(3))).toEqual(done(FAIL_INPUT))
    expect(machine.execute(0, psmash(1000))).toEqual(done(FAIL_INPUT))
    expect(machine.rmp.entry(3).size).toBe('2M')
  })

  it('is #UD without SNP and on a CPU without SNP_EN, #GP at CPL > 0 (§2) [APM]', () => {
    const machine = enableSnp(smallMachine(), { cpus: [0], init: false })
    machine.execute(0, assign(2, { size: '2M' }))
    expect(machine.execute(1, psmash(2))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
    expect(machine.execute(0, { ...psmash(2), cpl: 1 })).toEqual({ kind: 'fault', fault: { vector: '#GP' } })
    expect(machine.rmp.entry(3).size).toBe('2M')
    expect(smallMachine({ features: { snp: false } }).execute(0, psmash(0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
  })
})
