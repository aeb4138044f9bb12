import { describe, expect, it } from 'vitest'
import { SUCCESS } from '../../arch/index.ts'
import { assign, coresWith, PAGE, psmash, put, STATES, share, stateOf, verify } from '../../testing/instructions.ts'
import { enableSnp, smallMachine } from '../../testing/machines.ts'
import { type FirmwareCommand, type FirmwareStatus, firmwareCommand, type Machine } from '../index.ts'

const OK: FirmwareStatus = 'SUCCESS'
const CONTEXT = 8 * PAGE

/** A machine with the context page of a guest; `until` how far its launch has come. */
function guestMachine(until: 'created' | 'activated' | 'finished', asid = 1): Machine {
  const machine = enableSnp(smallMachine({ freeRegions: 3 }))
  addGuest(machine, CONTEXT, until, asid)
  return machine
}

function addGuest(machine: Machine, context: number, until: 'created' | 'activated' | 'finished', asid: number): void {
  machine.execute(0, assign(context / PAGE, { asid: 0, immutable: true }))
  succeed(machine, { name: 'SNP_GCTX_CREATE', context })
  if (until === 'created') return
  succeed(machine, { name: 'SNP_ACTIVATE', context, asid })
  if (until === 'activated') return
  succeed(machine, { name: 'SNP_LAUNCH_FINISH', context })
}

function succeed(machine: Machine, command: FirmwareCommand): void {
  expect(firmwareCommand(machine, command), command.name).toBe(OK)
}

function refused(machine: Machine, command: FirmwareCommand): void {
  expect(firmwareCommand(machine, command), command.name).not.toBe(OK)
}

const launchUpdate = (pfn: number, over: { gpa?: number; vmsa?: boolean } = {}): FirmwareCommand => ({
  name: 'SNP_LAUNCH_UPDATE',
  context: CONTEXT,
  page: pfn * PAGE,
  gpa: pfn * PAGE,
  vmsa: false,
  ...over,
})
const reclaim = (pfn: number, size: '4K' | '2M' = '4K'): FirmwareCommand => ({ name: 'SNP_PAGE_RECLAIM', page: pfn * PAGE, size })

describe('SNP_GCTX_CREATE makes a Firmware page a guest’s context (§4, §7) [APM, K]', () => {
  for (const state of STATES) {
    it(`${state}: ${state === 'Firmware' ? 'done' : 'refused'}`, () => {
      const machine = enableSnp(smallMachine())
      put(machine, 0, state)
      const status = firmwareCommand(machine, { name: 'SNP_GCTX_CREATE', context: 0 })
      expect(status === OK).toBe(state === 'Firmware')
      expect(stateOf(machine, 0)).toBe(state) // a Context page has the bits of a Firmware page
      expect(machine.firmware.guests.has(0)).toBe(state === 'Firmware')
    })
  }

  it('takes no page twice, none of the RMP’s own, and none without an entry', () => {
    const machine = guestMachine('created')
    refused(machine, { name: 'SNP_GCTX_CREATE', context: CONTEXT })
    refused(machine, { name: 'SNP_GCTX_CREATE', context: machine.rmpOwn[0].start })
    refused(machine, { name: 'SNP_GCTX_CREATE', context: 1000 * PAGE })
  })

  it('keeps the page from software: neither shared nor reclaimed while the guest lives', () => {
    const machine = guestMachine('finished')
    expect(machine.execute(0, share(CONTEXT / PAGE))).not.toEqual({ kind: 'done', eax: SUCCESS })
    refused(machine, reclaim(CONTEXT / PAGE))
    expect(stateOf(machine, CONTEXT / PAGE)).toBe('Firmware')
  })

  it('keeps the region of the context from being optimised (§4)', () => {
    const machine = guestMachine('created')
    expect(machine.execute(0, verify(machine, 2))).toMatchObject({ cf: false })
  })
})

describe('SNP_LAUNCH_UPDATE moves Pre-Guest → Guest-Valid (§4) [APM]', () => {
  for (const state of STATES) {
    it(`${state}: ${state === 'Pre-Guest' ? 'done' : 'refused'}`, () => {
      const machine = guestMachine('activated')
      put(machine, 0, state)
      const before = machine.rmp.entry(0)
      expect(firmwareCommand(machine, launchUpdate(0)) === OK).toBe(state === 'Pre-Guest')
      if (state === 'Pre-Guest') expect(machine.rmp.entry(0)).toEqual({ ...before, immutable: false, validated: true })
      else expect(machine.rmp.entry(0)).toEqual(before)
    })
  }

  it('marks VMSA pages', () => {
    const machine = guestMachine('activated')
    machine.execute(0, assign(0, { immutable: true }))
    succeed(machine, launchUpdate(0, { vmsa: true }))
    expect(machine.rmp.entry(0)).toMatchObject({ vmsa: true, validated: true, immutable: false, asid: 1 })
  })

  it('wants the guest’s own page at the address it was assigned for', () => {
    const machine = guestMachine('activated')
    put(machine, 0, 'Pre-Guest')
    put(machine, 1, 'Pre-Guest', '4K', 2)
    refused(machine, launchUpdate(0, { gpa: 3 * PAGE }))
    refused(machine, launchUpdate(1))
    expect([stateOf(machine, 0), stateOf(machine, 1)]).toEqual(['Pre-Guest', 'Pre-Guest'])
  })

  it('is for guests being launched: not before they have an ASID, nor once they run', () => {
    for (const until of ['created', 'finished'] as const) {
      const machine = guestMachine(until)
      put(machine, 0, 'Pre-Guest')
      refused(machine, launchUpdate(0))
      expect(stateOf(machine, 0)).toBe('Pre-Guest')
    }
  })

  it('leaves the page assigned: its region is neither optimised nor counted anew', () => {
    const machine = guestMachine('activated')
    machine.execute(0, assign(0, { immutable: true }))
    machine.execute(0, verify(machine, 1))
    succeed(machine, launchUpdate(0))
    expect(machine.rmp.assignedPages[0]).toBe(1)
    expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], [0]])
  })
})

describe('SNP_PAGE_RECLAIM gives immutable pages back (§4) [APM]', () => {
  const becomes: Record<string, string> = { Firmware: 'Reclaim', 'Pre-Guest': 'Guest-Invalid', 'Pre-Swap': 'Guest-Valid' }
  for (const state of STATES) {
    it(`${state} → ${becomes[state] ?? 'refused'}`, () => {
      const machine = enableSnp(smallMachine())
      put(machine, 0, state)
      const before = machine.rmp.entry(0)
      expect(firmwareCommand(machine, reclaim(0)) === OK).toBe(state in becomes)
      expect(stateOf(machine, 0)).toBe(becomes[state] ?? state)
      expect(machine.rmp.entry(0)).toEqual({ ...before, immutable: state in becomes ? false : before.immutable })
    })
  }

  it('lets RMPUPDATE make the page shared after that', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(0, { asid: 0, immutable: true }))
    succeed(machine, reclaim(0))
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ cf: false }) // Reclaim is still assigned
    expect(machine.execute(0, share(0))).toEqual({ kind: 'done', eax: SUCCESS })
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ cf: true })
  })

  it('never gives back what the RMP itself lies in', () => {
    const machine = enableSnp(smallMachine())
    const pfn = machine.rmpOwn[0].start / PAGE
    refused(machine, reclaim(pfn))
    expect(stateOf(machine, pfn)).toBe('Firmware')
  })

  it('takes a large page as a whole, and no other size than the entry’s', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 2, 'Pre-Guest', '2M')
    put(machine, 4, 'Pre-Guest')
    refused(machine, reclaim(2))
    refused(machine, reclaim(4, '2M'))
    refused(machine, reclaim(3, '2M'))
    expect([2, 3, 4].map((pfn) => stateOf(machine, pfn))).toEqual(['Pre-Guest', 'Pre-Guest', 'Pre-Guest'])
    succeed(machine, reclaim(2, '2M'))
    expect([2, 3].map((pfn) => stateOf(machine, pfn))).toEqual(['Guest-Invalid', 'Guest-Invalid'])
    expect(machine.rmp.entry(3).size).toBe('2M')
  })

  it('is refused where no entry is', () => {
    refused(enableSnp(smallMachine()), reclaim(1000))
  })
})

describe('SNP_DECOMMISSION ends a guest (§7) [APM]', () => {
  for (const until of ['created', 'activated', 'finished'] as const) {
    it(`that was ${until}: its context is a Firmware page again, to be reclaimed`, () => {
      const machine = guestMachine(until)
      succeed(machine, { name: 'SNP_DECOMMISSION', context: CONTEXT })
      expect(stateOf(machine, CONTEXT / PAGE)).toBe('Firmware')
      succeed(machine, reclaim(CONTEXT / PAGE))
      expect(stateOf(machine, CONTEXT / PAGE)).toBe('Reclaim')
      refused(machine, { name: 'SNP_DECOMMISSION', context: CONTEXT })
    })
  }

  it('leaves the guest’s pages assigned: they come back later, and until then nothing is optimised (§7) [L v2 review]', () => {
    const machine = guestMachine('activated')
    machine.execute(0, assign(0))
    succeed(machine, { name: 'SNP_DECOMMISSION', context: CONTEXT })
    expect(stateOf(machine, 0)).toBe('Guest-Invalid')
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ cf: false })
    machine.execute(0, share(0))
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ cf: true })
  })

  it('concerns one guest', () => {
    const machine = guestMachine('finished')
    addGuest(machine, 9 * PAGE, 'finished', 2)
    succeed(machine, { name: 'SNP_DECOMMISSION', context: CONTEXT })
    refused(machine, reclaim(9))
    refused(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })
  })
})

describe('SNP_ACTIVATE and SNP_DF_FLUSH (ASIDs) [APM]', () => {
  it('give an ASID to one guest at a time, and to the next after a flush', () => {
    const machine = guestMachine('activated', 3)
    addGuest(machine, 9 * PAGE, 'created', 0)
    const activate: FirmwareCommand = { name: 'SNP_ACTIVATE', context: 9 * PAGE, asid: 3 }
    refused(machine, activate)
    succeed(machine, { name: 'SNP_DECOMMISSION', context: CONTEXT })
    refused(machine, activate)
    succeed(machine, { name: 'SNP_DF_FLUSH' })
    succeed(machine, activate)
  })

  it('refuse ASIDs that do not exist, and a guest that has one', () => {
    const machine = guestMachine('created')
    for (const asid of [0, 1024]) refused(machine, { name: 'SNP_ACTIVATE', context: CONTEXT, asid })
    succeed(machine, { name: 'SNP_ACTIVATE', context: CONTEXT, asid: 5 })
    refused(machine, { name: 'SNP_ACTIVATE', context: CONTEXT, asid: 6 })
  })

  it('know no guest without context', () => {
    const machine = enableSnp(smallMachine())
    refused(machine, { name: 'SNP_ACTIVATE', context: 0, asid: 1 })
    refused(machine, { name: 'SNP_LAUNCH_FINISH', context: 0 })
    refused(machine, { name: 'SNP_DECOMMISSION', context: 0 })
  })
})

describe('SNP_PAGE_UNSMASH', () => {
  const unsmash = (machine: Machine, pfn: number) => firmwareCommand(machine, { name: 'SNP_PAGE_UNSMASH', page: pfn * PAGE })

  it('makes one 2M entry of alike 4K entries of consecutive guest pages, keeping Validated (§6.8) [APM, L v9]', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 2, 'Guest-Valid', '2M')
    machine.execute(0, psmash(2))
    expect(machine.rmp.entry(3).size).toBe('4K')
    expect(unsmash(machine, 2)).toBe('SUCCESS')
    expect(machine.rmp.entry(3)).toMatchObject({ size: '2M', validated: true, assigned: true })
  })

  it('refuses pages that do not agree, and pages of nobody', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 2, 'Guest-Valid')
    expect(unsmash(machine, 2)).toBe('INVALID_PAGE_STATE')
    expect(unsmash(machine, 4)).toBe('INVALID_PAGE_STATE')
    expect(unsmash(machine, 3)).toBe('INVALID_ADDRESS')
  })
})
