import { describe, expect, it } from 'vitest'
import { FAIL_INPUT, RMP_ENTRY_DEFAULT, SUCCESS } from '../../arch/index.ts'
import { assign, PAGE, put, STATES } from '../../testing/instructions.ts'
import { enableSnp, smallMachine, tinyMachine } from '../../testing/machines.ts'

const read = (pfn: number) => ({ name: 'RMPREAD', rax: pfn * PAGE }) as const

describe('RMPREAD (§2, §3) [K]', () => {
  it('says of a page what RMPUPDATE was given', () => {
    const machine = enableSnp(smallMachine())
    const { input } = assign(1, { asid: 5, gpa: 9 * PAGE, immutable: true })
    machine.execute(0, { name: 'RMPUPDATE', rax: PAGE, input })
    expect(machine.execute(1, read(1))).toEqual({ kind: 'done', eax: SUCCESS, form: { ...input, hpageRegionStatus: true } })
  })

  it('says of every state what the table says', () => {
    for (const state of STATES) {
      const machine = enableSnp(smallMachine())
      put(machine, 3, state)
      const { assigned, size, immutable, asid, gpa } = machine.rmp.entry(3)
      expect(machine.execute(0, read(3))).toMatchObject({ form: { assigned, size, immutable, asid, gpa } })
    }
  })

  it('says of an RMP of zeroes that all is the hypervisor’s (§4)', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    const { gpa, assigned, size, immutable, asid } = RMP_ENTRY_DEFAULT
    const form = { gpa, assigned, size, immutable, asid, hpageRegionStatus: false }
    for (let pfn = 0; pfn < machine.rmp.pages; pfn++)
      expect(machine.execute(0, read(pfn))).toEqual({ kind: 'done', eax: SUCCESS, form })
  })

  it('finds the entry of a large page at its first page’s slot (§3)', () => {
    const machine = enableSnp(tinyMachine())
    machine.execute(0, assign(512, { size: '2M', asid: 2 }))
    expect(machine.execute(0, read(512))).toMatchObject({ form: { assigned: true, size: '2M', asid: 2, gpa: 512 * PAGE } })
  })

  it('sums up the 2 MiB around the page: whether any page in it is assigned (§6.12) [K, L v2]', () => {
    const machine = enableSnp(tinyMachine())
    machine.execute(0, assign(512 + 300))
    const status = (pfn: number) => machine.execute(0, read(pfn))
    for (const pfn of [512, 600, 812, 1023]) expect(status(pfn)).toMatchObject({ form: { hpageRegionStatus: true } })
    for (const pfn of [0, 511, 1024]) expect(status(pfn)).toMatchObject({ form: { hpageRegionStatus: false } })
    expect(status(813)).toMatchObject({ form: { assigned: false } })
  })

  it('sums up HV-Fixed pages as not assigned (§4) [seed]', () => {
    const machine = enableSnp(smallMachine(), { hvFixedRanges: [{ start: 0, end: 2 * PAGE }] })
    expect(machine.execute(0, read(0))).toMatchObject({ form: { assigned: false, immutable: true, hpageRegionStatus: false } })
  })

  it('fails where there is no entry, or the SPA is not a page’s: FAIL_INPUT and nothing written [APM]', () => {
    const machine = enableSnp(smallMachine())
    expect(machine.execute(0, read(1000))).toEqual({ kind: 'done', eax: FAIL_INPUT })
    expect(machine.execute(0, { name: 'RMPREAD', rax: 5 })).toEqual({ kind: 'done', eax: FAIL_INPUT })
  })

  it('is #UD without CPUID 8000_001F EAX bit 21 [K], #GP at CPL > 0 [APM]', () => {
    const machine = enableSnp(smallMachine({ features: { rmpread: false } }))
    expect(machine.execute(0, read(0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
    expect(enableSnp(smallMachine()).execute(0, { ...read(0), cpl: 3 })).toEqual({ kind: 'fault', fault: { vector: '#GP' } })
  })
})
