import { describe, expect, it } from 'vitest'
import {
  FAIL_INPUT,
  FAIL_OVERLAP,
  FAIL_PERMISSION,
  GIB,
  RMP_ENTRY_DEFAULT,
  type RmpUpdateInput,
  SUCCESS,
} from '../../arch/index.ts'
import {
  assign,
  guestOf,
  IMMUTABLE_STATES,
  PAGE,
  psmash,
  put,
  pvalidate,
  STATES,
  type StateWithBits,
  share,
  stateOf,
} from '../../testing/instructions.ts'
import { enableSnp, smallMachine, tinyMachine } from '../../testing/machines.ts'
import { MachineRecorder, VMSA } from '../index.ts'

const done = (eax: number) => ({ kind: 'done', eax })

/** What RMPUPDATE may be asked for (§4). */
const REQUESTS = {
  Hypervisor: share(0).input,
  'Guest-Invalid': assign(0, { gpa: 7 * PAGE }).input,
  'Pre-Guest': assign(0, { gpa: 7 * PAGE, immutable: true }).input,
  Firmware: assign(0, { asid: 0, immutable: true }).input,
  Reclaim: assign(0, { asid: 0 }).input,
} satisfies Partial<Record<StateWithBits, RmpUpdateInput>>

describe('RMPUPDATE moves a page between states (§4) [APM, K]', () => {
  for (const from of STATES) {
    for (const [to, input] of Object.entries(REQUESTS)) {
      const refused = IMMUTABLE_STATES.includes(from)
      it(`${from} → ${to}: ${refused ? 'refused, the entry is immutable' : 'done'}`, () => {
        const machine = enableSnp(smallMachine())
        put(machine, 0, from)
        const before = machine.rmp.entry(0)
        expect(machine.execute(0, { name: 'RMPUPDATE', rax: 0, input })).toEqual(done(refused ? FAIL_PERMISSION : SUCCESS))
        if (refused) expect(machine.rmp.entry(0)).toEqual(before)
        else expect(machine.rmp.entry(0)).toEqual({ ...RMP_ENTRY_DEFAULT, ...input })
        expect(stateOf(machine, 0)).toBe(refused ? from : to)
      })
    }
  }

  it('touches no entry but the one it is given', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 0, 'Guest-Valid')
    const others = () => [0, 2, 3, 4].map((pfn) => machine.rmp.entry(pfn))
    const before = others()
    machine.execute(0, assign(1, { asid: 2 }))
    machine.execute(0, share(1))
    expect(others()).toEqual(before)
  })

  it('takes Validated, the VMSA mark and the rights of other VMPLs away [APM]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(0))
    machine.execute(0, pvalidate(0))
    machine.execute(0, { name: 'RMPADJUST', guest: guestOf(0), size: '4K', targetVmpl: 1, permissions: 3, vmsa: true })
    expect(machine.rmp.bits(0) & VMSA).not.toBe(0)
    expect(machine.rmp.permissions(0, 1)).toBe(3)
    machine.execute(0, assign(0))
    expect(machine.rmp.entry(0)).toMatchObject({ validated: false, vmsa: false })
    expect(machine.rmp.permissions(0, 1)).toBe(0)
  })

  it('cannot make HV-Fixed pages: SNP_INIT_EX does', () => {
    const machine = enableSnp(smallMachine())
    const input = { ...share(0).input, immutable: true }
    expect(machine.execute(0, { name: 'RMPUPDATE', rax: 0, input })).toEqual(done(FAIL_INPUT))
    expect(stateOf(machine, 0)).toBe('Hypervisor')
  })
})

describe('RMPUPDATE of a huge page (§3, §4) [K]', () => {
  it('makes one entry that speaks for all its pages', () => {
    const machine = enableSnp(tinyMachine())
    expect(machine.execute(0, assign(512, { size: '2M', asid: 3 }))).toEqual(done(SUCCESS))
    for (const pfn of [512, 700, 1023]) expect(machine.rmp.entry(pfn)).toMatchObject({ assigned: true, size: '2M', asid: 3 })
    for (const pfn of [511, 1024]) expect(machine.rmp.entry(pfn)).toEqual(RMP_ENTRY_DEFAULT)
    expect(machine.rmp.assignedPages[0]).toBe(512)
  })

  it('takes it back as a whole', () => {
    const machine = enableSnp(tinyMachine())
    machine.execute(0, assign(512, { size: '2M' }))
    expect(machine.execute(0, share(512, '2M'))).toEqual(done(SUCCESS))
    expect(machine.rmp.entry(600)).toEqual(RMP_ENTRY_DEFAULT)
    expect(machine.rmp.assignedPages[0]).toBe(0)
  })

  it('overlaps with an entry of another size: FAIL_OVERLAP, and nothing changes (§2) [APM]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(2, { size: '2M' }))
    const large = machine.rmp.entry(3)
    for (const pfn of [2, 3]) {
      expect(machine.execute(0, assign(pfn, { asid: 2 }))).toEqual(done(FAIL_OVERLAP))
      expect(machine.execute(0, share(pfn))).toEqual(done(FAIL_OVERLAP))
    }
    expect(machine.rmp.entry(3)).toEqual(large)

    for (const small of [[0], [1], [0, 1]]) {
      const other = enableSnp(smallMachine())
      for (const pfn of small) other.execute(0, assign(pfn))
      expect(other.execute(0, assign(0, { size: '2M' }))).toEqual(done(FAIL_OVERLAP))
      expect([0, 1].filter((pfn) => other.rmp.entry(pfn).assigned)).toEqual(small)
    }
  })

  it('works on the pieces once PSMASH has split it [K]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(2, { size: '2M' }))
    machine.execute(0, psmash(2))
    expect(machine.execute(0, share(3))).toEqual(done(SUCCESS))
    expect([stateOf(machine, 2), stateOf(machine, 3)]).toEqual(['Guest-Invalid', 'Hypervisor'])
  })

  it('may become large again when all its pages are the hypervisor’s', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(1))
    machine.execute(0, share(1))
    expect(machine.execute(0, assign(0, { size: '2M' }))).toEqual(done(SUCCESS))
    expect(machine.rmp.entry(1)).toMatchObject({ assigned: true, size: '2M' })
  })

  it('cannot touch a huge page with an immutable page in it: FAIL_PERMISSION [APM]', () => {
    for (const state of IMMUTABLE_STATES) {
      for (const pfn of [0, 1]) {
        const machine = enableSnp(smallMachine())
        put(machine, pfn, state)
        expect(machine.execute(0, assign(0, { size: '2M' })), `${state} at ${pfn}`).toEqual(done(FAIL_PERMISSION))
        expect(stateOf(machine, pfn)).toBe(state)
        expect(stateOf(machine, 1 - pfn)).toBe('Hypervisor')
      }
    }
  })

  it('cannot touch a large immutable entry, nor a piece of it: FAIL_PERMISSION [APM]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(0, { size: '2M', immutable: true }))
    expect(machine.execute(0, share(0, '2M'))).toEqual(done(FAIL_PERMISSION))
    expect(machine.execute(0, share(1))).toEqual(done(FAIL_PERMISSION))
    expect(machine.rmp.entry(1)).toMatchObject({ assigned: true, size: '2M', immutable: true })
  })
})

describe('RMPUPDATE refuses bad input: FAIL_INPUT, nothing changes (§2) [APM]', () => {
  const cases: [string, ReturnType<typeof assign>][] = [
    ['an SPA that is not page aligned', { ...assign(0), rax: 1 }],
    ['a 2M entry that is not 2M aligned', { ...assign(1, { size: '2M' }), rax: PAGE }],
    ['a page that no RMP entry describes (§3)', assign(1000)],
    ['an ASID that the machine does not have', assign(0, { asid: 8 })],
    ['a guest address that is not page aligned', assign(0, { gpa: 5 })],
  ]
  for (const [what, instruction] of cases) {
    it(what, () => {
      const machine = enableSnp(smallMachine({ asidMax: 7 }))
      expect(machine.execute(0, instruction)).toEqual(done(FAIL_INPUT))
      expect([0, 1, 2, 3].map((pfn) => stateOf(machine, pfn))).toEqual(Array(4).fill('Hypervisor'))
    })
  }

  it('an unassigned page with an owner', () => {
    const machine = enableSnp(smallMachine())
    expect(machine.execute(0, { name: 'RMPUPDATE', rax: 0, input: { ...share(0).input, asid: 1 } })).toEqual(done(FAIL_INPUT))
  })

  it('takes the highest ASID there is', () => {
    const machine = enableSnp(smallMachine({ asidMax: 7 }))
    expect(machine.execute(0, assign(0, { asid: 7 }))).toEqual(done(SUCCESS))
  })
})

describe('RMPUPDATE is there or not (§2)', () => {
  it('is #UD without SNP, and on a CPU without SNP_EN [K, APM]', () => {
    const machine = enableSnp(smallMachine(), { cpus: [1], init: false })
    expect(machine.execute(0, assign(0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
    expect(machine.execute(1, assign(0))).toEqual(done(SUCCESS))
    expect(smallMachine({ features: { snp: false } }).execute(0, assign(0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
  })

  it('is #GP at CPL > 0, changing nothing [APM]', () => {
    const machine = enableSnp(smallMachine())
    expect(machine.execute(0, { ...assign(0), cpl: 3 })).toEqual({ kind: 'fault', fault: { vector: '#GP' } })
    expect(stateOf(machine, 0)).toBe('Hypervisor')
  })
})

describe('RMPUPDATE tells', () => {
  it('how many pages of the region are assigned, before and after', () => {
    const machine = enableSnp(tinyMachine())
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    machine.execute(0, assign(5))
    machine.execute(0, assign(GIB / PAGE, { size: '2M' }))
    machine.execute(0, assign(5, { asid: 2 }))
    machine.execute(0, share(5))
    expect(recorder.take().filter(({ type }) => type === 'assigned')).toEqual([
      { type: 'assigned', region: 0, before: 0, after: 1 },
      { type: 'assigned', region: 1, before: 0, after: 512 },
      { type: 'assigned', region: 0, before: 1, after: 0 },
    ])
  })
})
