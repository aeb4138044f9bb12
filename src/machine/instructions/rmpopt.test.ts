import { describe, expect, it } from 'vitest'
import { encodeRmpoptBase, GIB, MIB, MSR_RMPOPT_BASE, planContiguous, planSegmented, TIB } from '../../arch/index.ts'
import { assign, coresWith, PAGE, psmash, put, pvalidate, report, STATES, share, verify } from '../../testing/instructions.ts'
import { ALL_FEATURES, enableSnp, initSnp, setRmpoptBase, smallMachine, tinyMachine } from '../../testing/machines.ts'
import { firmwareCommand, Machine, MachineRecorder, members } from '../index.ts'

const YES = { kind: 'done', cf: true }
const NO = { kind: 'done', cf: false }
const UD = { kind: 'fault', fault: { vector: '#UD' } }
const GP = { kind: 'fault', fault: { vector: '#GP' } }

describe('RMPOPT belongs to a core (§6.1)', () => {
  it('serves both threads of a core, whichever executes it [L v2, v3]', () => {
    for (const [executing, sibling] of [
      [0, 2],
      [2, 0],
    ]) {
      const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2 }))
      expect(machine.execute(executing, verify(machine, 0))).toMatchObject(YES)
      expect(machine.execute(sibling, report(machine, 0))).toMatchObject(YES)
      expect(coresWith(machine, 0)).toEqual([0])
    }
  })

  it('has one RMPOPT_BASE for both threads of a core, and one for each core [L v2]', () => {
    const machine = enableSnp(tinyMachine({ cores: 2, threadsPerCore: 2 }), { rmpoptBase: undefined })
    setRmpoptBase(machine, 2, GIB)
    const read = (cpu: number) => machine.execute(cpu, { name: 'RDMSR', msr: MSR_RMPOPT_BASE })
    expect(read(0)).toEqual({ kind: 'done', value: encodeRmpoptBase({ enabled: true, base: GIB }) })
    expect(read(1)).toEqual({ kind: 'done', value: 0n })
    expect(machine.execute(0, verify(machine, 1))).toMatchObject(YES)
    expect(machine.execute(1, verify(machine, 1))).toEqual(UD)
  })

  it('says nothing to other cores when it succeeds: every core must run it (§6.10) [L v2]', () => {
    const machine = enableSnp(smallMachine({ cores: 3 }))
    machine.execute(1, verify(machine, 0))
    expect([0, 1, 2].map((cpu) => machine.execute(cpu, report(machine, 0)))).toMatchObject([NO, YES, NO])
  })
})

describe('RMPOPT reaches so far (§6.2)', () => {
  it('reaches 2 TiB from RMPOPT_BASE in 1 GiB regions unless told otherwise [L v1]', () => {
    const top = 2 * TIB + 3 * GIB
    const ram = [{ start: 0, end: top, node: 0 }]
    const layout = planSegmented({
      ram,
      segmentShift: 36,
      base: 2 * TIB + 2 * GIB,
      place: (segment) => GIB + segment * 256 * MIB, // regions 1 to 9 hold the entries
    })
    const topology = { sockets: 1, coresPerSocket: 2, threadsPerCore: 1, nodesPerSocket: 1 }
    const machine = new Machine({ topology, ram, layout, features: ALL_FEATURES })
    enableSnp(machine, { rmpoptBase: 0 })
    expect(machine.execute(0, verify(machine, 0))).toMatchObject(YES)
    expect(machine.execute(0, verify(machine, 2047))).toMatchObject(YES)
    expect(machine.execute(0, verify(machine, 2048))).toMatchObject(NO)
    setRmpoptBase(machine, 1, GIB)
    expect(machine.execute(1, verify(machine, 2048))).toMatchObject(YES)
    expect(machine.execute(1, verify(machine, 2049))).toMatchObject(NO)
    expect(machine.execute(1, verify(machine, 0))).toMatchObject(NO)
  })

  it('counts from the base of the core that executes it, to the last region that is wholly within reach', () => {
    const machine = enableSnp(tinyMachine({ freeRegions: 4, reachBytes: 2 * GIB }), { rmpoptBase: GIB })
    const answers = [0, 1, 2, 3].map((region) => machine.execute(0, verify(machine, region)))
    expect(answers).toMatchObject([NO, YES, YES, NO])
    expect([0, 1, 2, 3].map((region) => coresWith(machine, region))).toEqual([[], [0], [0], []])
  })
})

describe('RMPOPT is there or not (§2, §6.4)', () => {
  it('is #UD without CPUID 8000_0025 EDX bit 0 (§2) [L]', () => {
    const machine = enableSnp(smallMachine({ features: { rmpopt: false } }), { rmpoptBase: undefined })
    expect(machine.execute(0, verify(machine, 0))).toEqual(UD)
    expect(machine.execute(0, report(machine, 0))).toEqual(UD)
  })

  it('is #UD on a core whose RMPOPT_BASE is not enabled, with either function (§6.4) [L v6]', () => {
    const machine = enableSnp(smallMachine(), { rmpoptBase: undefined })
    setRmpoptBase(machine, 1, 0)
    expect(machine.execute(0, verify(machine, 0))).toEqual(UD)
    expect(machine.execute(0, report(machine, 0))).toEqual(UD)
    expect(machine.execute(1, verify(machine, 0))).toMatchObject(YES)
    machine.execute(1, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 0n })
    expect(machine.execute(1, verify(machine, 0))).toEqual(UD)
  })

  it('is #GP at CPL > 0, changing nothing (§6.4) [A]', () => {
    const machine = enableSnp(smallMachine())
    for (const cpl of [1, 2, 3]) expect(machine.execute(0, { ...verify(machine, 0), cpl })).toEqual(GP)
    expect(coresWith(machine, 0)).toEqual([])
    expect(machine.execute(0, { ...verify(machine, 0), cpl: 0 })).toMatchObject(YES)
  })
})

describe('RMPOPT verifies (§6.5)', () => {
  it('optimises exactly the regions none of whose entries is assigned, whatever state the entries are in (§4) [seed]', () => {
    const assigned: Record<string, boolean> = { Hypervisor: false, 'HV-Fixed': false }
    for (const state of STATES) {
      for (const pfn of [0, 1, 2, 3]) {
        const machine = enableSnp(smallMachine())
        put(machine, pfn, state)
        const cf = !(assigned[state] ?? true)
        expect(machine.execute(0, verify(machine, 0)), `${state} page ${pfn}`).toMatchObject({ kind: 'done', cf })
        expect(coresWith(machine, 0)).toEqual(cf ? [0] : [])
        expect(machine.execute(0, verify(machine, 1)), 'the next region').toMatchObject(YES)
      }
    }
  })

  it('clears the bit when the region has an assigned page', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, verify(machine, 0))
    machine.execute(1, verify(machine, 0))
    put(machine, 2, 'Guest-Valid') // behind RMPUPDATE’s back: nothing else leaves a bit set that is wrong
    machine.tables.cached.fill(0)
    expect(machine.execute(0, verify(machine, 0))).toMatchObject(NO)
    expect(coresWith(machine, 0)).toEqual([1])
  })

  it('answers for its own region only, and sets the bit of no other', () => {
    const machine = enableSnp(smallMachine({ freeRegions: 3 }))
    machine.execute(0, verify(machine, 1))
    expect([0, 1, 2].map((region) => coresWith(machine, region))).toEqual([[], [0], []])
  })

  it('never optimises the regions that hold the RMP or firmware pages (§4) [L v1, v2 review]', () => {
    const machine = smallMachine({ freeRegions: 3 }) // the RMP fills region 3 and a page of region 4
    enableSnp(machine, { firmwareRanges: [{ start: 5 * PAGE, end: 6 * PAGE }], hvFixedRanges: [{ start: 0, end: 4 * PAGE }] })
    const answers = [0, 1, 2, 3, 4].map((region) => machine.execute(0, verify(machine, region)))
    expect(answers).toMatchObject([YES, NO, YES, NO, NO])
  })

  it('leaves holes where the RMP lies, on a machine of real regions (§4, §3) [L v1]', () => {
    const machine = enableSnp(tinyMachine())
    expect([0, 1, 2].map((region) => machine.execute(0, verify(machine, region)))).toMatchObject([YES, YES, NO])
  })

  it('may be run twice: harmless, whatever the answer (§6.14) [L v2]', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 4, 'Guest-Invalid')
    for (const _ of [1, 2, 3]) {
      expect(machine.execute(0, verify(machine, 0))).toMatchObject(YES)
      expect(machine.execute(0, verify(machine, 1))).toMatchObject(NO)
      expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[0], []])
    }
  })
})

describe('RMPOPT reports (§6.6)', () => {
  it('answers the bit and changes nothing: no scan, no bit, no cached result [L v1]', () => {
    const machine = enableSnp(smallMachine())
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    expect(machine.execute(0, report(machine, 0))).toMatchObject({ ...NO, summaries: 0 })
    expect(coresWith(machine, 0)).toEqual([])
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ ...YES, how: 'scanned' })
    recorder.take()
    expect(machine.execute(0, report(machine, 0))).toMatchObject({ ...YES, summaries: 0 })
    expect(machine.execute(1, report(machine, 0))).toMatchObject({ ...NO, summaries: 0 })
    expect(recorder.take().map(({ type }) => type)).toEqual(['instruction', 'instruction'])
  })
})

describe('RMPOPT asked for what it cannot (§6.7)', () => {
  it('answers CF=0 out of reach and where the RMP does not cover, with both functions [A]', () => {
    const machine = enableSnp(smallMachine({ reachBytes: 16 * 1024 }))
    const regions = [1, 100]
    for (const region of regions) {
      expect(machine.execute(0, verify(machine, region))).toMatchObject(NO)
      expect(machine.execute(0, report(machine, region))).toMatchObject(NO)
    }
    expect(coresWith(machine, 1)).toEqual([])
  })

  it('says it is unspecified instead, when the option says so [A]', () => {
    const machine = enableSnp(smallMachine({ reachBytes: 16 * 1024, options: { outOfReach: 'unspecified' } }))
    expect(machine.execute(0, verify(machine, 1))).toMatchObject({ kind: 'unspecified', instruction: 'RMPOPT', section: '§6.7' })
    expect(machine.execute(0, verify(machine, 100))).toMatchObject({ kind: 'unspecified' })
    expect(machine.execute(0, verify(machine, 0))).toMatchObject(YES)
  })

  it('reports an unaligned SPA and an unknown function as unspecified, under every option, and does nothing [A]', () => {
    for (const outOfReach of ['report-0', 'unspecified'] as const) {
      const machine = enableSnp(smallMachine({ options: { outOfReach } }))
      const recorder = new MachineRecorder()
      machine.listen(recorder)
      const unaligned = machine.execute(0, { name: 'RMPOPT', rax: PAGE, rcx: 0 })
      const unknown = machine.execute(1, { name: 'RMPOPT', rax: 0, rcx: 2 })
      expect(unaligned).toMatchObject({ kind: 'unspecified', instruction: 'RMPOPT', operand: expect.stringContaining('RAX') })
      expect(unknown).toMatchObject({ kind: 'unspecified', instruction: 'RMPOPT', operand: expect.stringContaining('RCX') })
      expect(unaligned).toMatchObject({ section: expect.stringContaining('§6') })
      const told = recorder.take().filter((event) => event.type === 'unspecified')
      expect(told).toEqual([
        { type: 'unspecified', cpu: 0, diagnostic: unaligned },
        { type: 'unspecified', cpu: 1, diagnostic: unknown },
      ])
      expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], []])
    }
  })
})

describe('RMPUPDATE and PSMASH clear (§6.8)', () => {
  const cores = 3
  function optimised() {
    const machine = enableSnp(smallMachine({ cores }))
    for (let cpu = 0; cpu < cores; cpu++) for (const region of [0, 1]) machine.execute(cpu, verify(machine, region))
    return machine
  }

  it('clears the bit of the region on all cores when a page of it is assigned, and no other bit [seed, L v2]', () => {
    for (const [pfn, hit, other] of [
      [0, 0, 1],
      [3, 0, 1],
      [4, 1, 0],
      [7, 1, 0],
    ]) {
      const machine = optimised()
      expect(machine.execute(1, assign(pfn))).toEqual({ kind: 'done', eax: 0 })
      expect([coresWith(machine, hit), coresWith(machine, other)]).toEqual([[], [0, 1, 2]])
    }
  })

  it('clears for every kind of assignment: to a guest, to be launched, to the firmware, large [seed, L v2]', () => {
    for (const how of [{}, { immutable: true }, { asid: 0, immutable: true }, { size: '2M' }, { asid: 0 }] as const) {
      const machine = optimised()
      expect(machine.execute(0, assign(2, how))).toEqual({ kind: 'done', eax: 0 })
      expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], [0, 1, 2]])
    }
  })

  it('needs no clear to take a page back: the region was not optimised, and stays so until the next RMPOPT', () => {
    const machine = optimised()
    machine.execute(0, assign(1))
    machine.execute(0, share(1))
    expect(coresWith(machine, 0)).toEqual([])
    expect(coresWith(machine, 1)).toEqual([0, 1, 2])
    expect(machine.execute(2, verify(machine, 0))).toMatchObject(YES)
  })

  it('clears nothing when it is refused', () => {
    const machine = enableSnp(smallMachine(), { hvFixedRanges: [{ start: 0, end: PAGE }] })
    machine.execute(0, verify(machine, 0))
    expect(machine.execute(1, assign(0))).toEqual({ kind: 'done', eax: 2 })
    expect(machine.execute(1, { ...assign(1), cpl: 3 })).toEqual(GP)
    expect(machine.execute(1, assign(1, { asid: 5000 }))).not.toEqual({ kind: 'done', eax: 0 })
    expect(coresWith(machine, 0)).toEqual([0])
  })

  it('clears when a large page is split, too [L v9]', () => {
    const machine = optimised()
    machine.execute(0, assign(2, { size: '2M' }))
    machine.tables.grant(0) // no instruction can: a region with an assigned page is not optimised
    expect(coresWith(machine, 0)).toEqual([0, 1, 2])
    expect(machine.execute(1, psmash(2))).toEqual({ kind: 'done', eax: 0 })
    expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], [0, 1, 2]])
  })

  it('clears when small pages give way to a large one [L v9]', () => {
    const machine = optimised()
    for (const pfn of [2, 3]) machine.execute(0, assign(pfn))
    for (const pfn of [2, 3]) machine.execute(0, share(pfn))
    for (const cpu of [0, 1, 2]) machine.execute(cpu, verify(machine, 0))
    machine.execute(0, assign(2, { size: '2M' }))
    expect(coresWith(machine, 0)).toEqual([])
  })

  it('is not cleared by what a guest does with its pages, nor sets anything', () => {
    const machine = optimised()
    machine.execute(0, assign(0))
    machine.execute(0, pvalidate(0))
    machine.execute(0, pvalidate(0, false))
    expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], [0, 1, 2]])
  })

  it('tells which cores lost the bit', () => {
    const machine = optimised()
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    machine.execute(0, assign(0))
    const changes = recorder.take().filter((event) => event.type === 'optimised')
    expect(changes.map(({ region, before, after }) => [region, [...members(before)], [...members(after)]])).toEqual([
      [0, [0, 1, 2], []],
    ])
  })
})

describe('the cached result (§6.11)', () => {
  it('is left by the first core that succeeds, found by later cores, which skip the scan [L v2–v4]', () => {
    const machine = enableSnp(smallMachine({ cores: 3 }))
    expect(machine.execute(2, verify(machine, 0))).toMatchObject({ ...YES, how: 'scanned', summaries: 2 })
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ ...YES, how: 'cached', summaries: 0 })
    expect(machine.execute(1, verify(machine, 0))).toMatchObject({ ...YES, how: 'cached', summaries: 0 })
    expect(machine.execute(0, verify(machine, 1))).toMatchObject({ ...YES, how: 'scanned', summaries: 2 })
  })

  it('is not there for a region that failed [A, review]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(3))
    for (const cpu of [0, 1, 0])
      expect(machine.execute(cpu, verify(machine, 0))).toMatchObject({ ...NO, how: 'scanned', summaries: 2 })
  })

  it('is dropped by an RMPUPDATE in the region, and by none in another [A]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, verify(machine, 0))
    machine.execute(0, verify(machine, 1))
    machine.execute(0, assign(0))
    machine.execute(0, share(0))
    expect(machine.execute(1, verify(machine, 0))).toMatchObject({ ...YES, how: 'scanned' })
    expect(machine.execute(1, verify(machine, 1))).toMatchObject({ ...YES, how: 'cached' })
  })

  it('belongs to the region, not to the table: a core with another base finds it [L v2]', () => {
    const machine = enableSnp(tinyMachine(), { rmpoptBase: GIB })
    setRmpoptBase(machine, 1, 0)
    expect(machine.execute(0, verify(machine, 1))).toMatchObject({ ...YES, how: 'scanned', summaries: 512 })
    expect(machine.execute(1, verify(machine, 1))).toMatchObject({ ...YES, how: 'cached', summaries: 0 })
  })
})

describe('the scan (§6.12)', () => {
  it('reads the 512 summaries of the region, not its 262144 entries [L v2]', () => {
    const machine = enableSnp(tinyMachine())
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ ...YES, summaries: 512 })
  })

  it('stops at the first assigned huge page [L v2]', () => {
    for (const [pfn, summaries] of [
      [0, 1], // first page of the region
      [511, 1],
      [512, 2],
      [300 * 512 + 77, 301],
      [511 * 512, 512],
      [512 * 512 - 1, 512], // its last page
    ]) {
      const machine = enableSnp(tinyMachine())
      machine.execute(1, assign(pfn))
      machine.execute(1, assign(511 * 512 + 5))
      expect(machine.execute(0, verify(machine, 0)), `page ${pfn}`).toMatchObject({ ...NO, summaries })
    }
  })

  it('reads as many for a large page as for a small one', () => {
    const machine = enableSnp(tinyMachine())
    machine.execute(0, assign(40 * 512, { size: '2M' }))
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ ...NO, summaries: 41 })
  })
})

describe('what empties all tables (§6.13)', () => {
  function optimised(options = {}) {
    const machine = enableSnp(smallMachine({ options }))
    for (const cpu of [0, 1]) for (const region of [0, 1]) machine.execute(cpu, verify(machine, region))
    return machine
  }

  it('SNP_INIT_EX clears all bits of all cores, and leaves no cached result [L v1, v8]', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    for (const cpu of [0, 1]) for (const region of [0, 1]) machine.execute(cpu, verify(machine, region))
    expect(coresWith(machine, 0)).toEqual([0, 1])
    initSnp(machine)
    expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], []])
    expect(machine.execute(0, report(machine, 0))).toMatchObject(NO)
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ ...YES, how: 'scanned' })
  })

  it('SNP_INIT_EX leaves no cached result, even where RMPUPDATE would: it makes firmware pages in the region (§4, §6.5)', () => {
    const machine = enableSnp(smallMachine({ options: { rmpupdateDropsCachedResult: false } }), { init: false })
    machine.execute(0, verify(machine, 0))
    initSnp(machine, { firmwareRanges: [{ start: 0, end: PAGE }] })
    expect(machine.execute(1, verify(machine, 0))).toMatchObject(NO)
  })

  it('a second SNP_INIT_EX, after a legacy shutdown, clears them as well [L v5, v8]', () => {
    const machine = optimised()
    firmwareCommand(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })
    initSnp(machine)
    expect([coresWith(machine, 0), coresWith(machine, 1)]).toEqual([[], []])
  })

  it('disabling SNP clears them; the option says no [A]', () => {
    for (const snpDisableClearsTables of [true, false]) {
      const machine = optimised({ snpDisableClearsTables })
      firmwareCommand(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: true })
      expect(coresWith(machine, 0)).toEqual(snpDisableClearsTables ? [] : [0, 1])
    }
  })

  it('out of reset nothing is optimised, nor after SNP is enabled, until RMPOPT has been run (§1) [seed, L v1]', () => {
    const machine = smallMachine()
    expect([0, 1].map((region) => coresWith(machine, region))).toEqual([[], []])
    enableSnp(machine)
    expect([0, 1].map((region) => coresWith(machine, region))).toEqual([[], []])
  })

  it('moving or disabling RMPOPT_BASE empties that core’s table, as the option says [A]', () => {
    for (const baseChangeClearsTable of [true, false]) {
      const machine = optimised({ baseChangeClearsTable })
      machine.execute(0, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 0n })
      setRmpoptBase(machine, 0, 0)
      expect(coresWith(machine, 0)).toEqual(baseChangeClearsTable ? [1] : [0, 1])
    }
  })

  it('writing the same RMPOPT_BASE again changes nothing', () => {
    const machine = optimised()
    setRmpoptBase(machine, 0, 0)
    expect(coresWith(machine, 0)).toEqual([0, 1])
  })
})

describe('enabling RMPOPT_BASE (§6.3)', () => {
  const enable = { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: encodeRmpoptBase({ enabled: true, base: 0 }) } as const

  it('is #GP before SNP_EN on that CPU, and works after [L v8 review, A]', () => {
    const machine = smallMachine()
    expect(machine.execute(0, enable)).toEqual(GP)
    enableSnp(machine, { cpus: [0], init: false, rmpoptBase: undefined })
    expect(machine.execute(0, enable)).toEqual({ kind: 'done' })
    expect(machine.execute(1, enable)).toEqual(GP)
  })

  it('is #GP with a contiguous RMP, whatever else is on [L v1, L v8 review, A]', () => {
    const topology = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 }
    const ram = [{ start: 0, end: 2 * GIB, node: 0 }]
    const machine = new Machine({ topology, ram, layout: planContiguous(2 * GIB, GIB), features: ALL_FEATURES })
    enableSnp(machine, { rmpoptBase: undefined })
    expect(machine.execute(0, enable)).toEqual(GP)
    expect(machine.execute(0, verify(machine, 0))).toEqual(UD)
  })

  it('is #GP when there is no RMP at all [L v1]', () => {
    const topology = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 }
    const machine = new Machine({ topology, ram: [{ start: 0, end: 2 * GIB, node: 0 }], features: ALL_FEATURES })
    expect(machine.execute(0, enable)).toEqual(GP)
  })

  it('is not needed to keep it disabled: a base may be written before [L v8 review]', () => {
    const machine = smallMachine()
    expect(machine.execute(0, { ...enable, value: 0n })).toEqual({ kind: 'done' })
  })

  it('wants a 1 GiB-aligned base: other bits are reserved, #GP (§2) [L]', () => {
    const machine = enableSnp(smallMachine(), { rmpoptBase: undefined })
    for (const bit of [1n, 12n, 21n, 29n, 52n, 63n]) {
      expect(machine.execute(0, { ...enable, value: 1n | (1n << bit) }), `bit ${bit}`).toEqual(GP)
    }
    expect(machine.execute(0, { ...enable, value: 1n | (1n << 30n) })).toEqual({ kind: 'done' })
    expect(machine.execute(0, { name: 'RDMSR', msr: MSR_RMPOPT_BASE })).toEqual({ kind: 'done', value: 1n | (1n << 30n) })
  })

  it('is #GP on a CPU without RMPOPT, to read and to write, and at CPL > 0 (§2) [L, APM]', () => {
    const without = enableSnp(smallMachine({ features: { rmpopt: false } }), { rmpoptBase: undefined })
    expect(without.execute(0, enable)).toEqual(GP)
    expect(without.execute(0, { name: 'RDMSR', msr: MSR_RMPOPT_BASE })).toEqual(GP)
    const machine = enableSnp(smallMachine(), { rmpoptBase: undefined })
    expect(machine.execute(0, { ...enable, cpl: 3 })).toEqual(GP)
    expect(machine.execute(0, enable)).toEqual({ kind: 'done' })
  })

  it('may be done through either thread, for both: the MSR is the core’s (§6.1) [L v2]', () => {
    const machine = enableSnp(smallMachine({ cores: 1, threadsPerCore: 2 }), { rmpoptBase: undefined })
    setRmpoptBase(machine, 1, 0)
    expect(machine.execute(0, verify(machine, 0))).toMatchObject(YES)
  })
})
