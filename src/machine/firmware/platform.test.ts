import { describe, expect, it } from 'vitest'
import { assign, PAGE, share, stateOf, verify } from '../../testing/instructions.ts'
import { enableSnp, initSnp, smallMachine, tinyMachine } from '../../testing/machines.ts'
import { type FirmwareCommand, firmwareCommand, type Machine, MachineRecorder } from '../index.ts'

const INIT: FirmwareCommand = { name: 'SNP_INIT_EX', firmwareRanges: [], hvFixedRanges: [] }
const LEGACY: FirmwareCommand = { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false }
const FULL: FirmwareCommand = { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: true }

const pages = (first: number, end: number) => ({ start: first * PAGE, end: end * PAGE })
const states = (machine: Machine, ...pfns: number[]) => pfns.map((pfn) => stateOf(machine, pfn))

function withGuest(): Machine {
  const machine = enableSnp(smallMachine())
  machine.execute(0, assign(0, { asid: 0, immutable: true }))
  expect(firmwareCommand(machine, { name: 'SNP_GCTX_CREATE', context: 0 })).toBe('SUCCESS')
  return machine
}

describe('SNP_INIT_EX (§4, §7) [APM, L v8, v9]', () => {
  it('needs SNP_EN on every present CPU: refused, nothing changes [L v9]', () => {
    const machine = enableSnp(smallMachine({ cores: 3 }), { cpus: [0, 2], init: false })
    machine.execute(0, verify(machine, 0))
    const command = { ...INIT, hvFixedRanges: [pages(0, 1)] } as FirmwareCommand
    expect(firmwareCommand(machine, command)).not.toBe('SUCCESS')
    expect(machine.firmware.initialised).toBe(false)
    expect(states(machine, 0, 8)).toEqual(['Hypervisor', 'Hypervisor'])
    expect(machine.optimisedOn(0).size).toBe(1)
  })

  it('needs it on both threads of a core [L v9]', () => {
    const machine = enableSnp(smallMachine({ cores: 1, threadsPerCore: 2 }), { cpus: [0], init: false })
    expect(firmwareCommand(machine, INIT)).not.toBe('SUCCESS')
  })

  it('makes the RMP’s own memory and the firmware’s Firmware, the listed ranges HV-Fixed, nothing else (§4)', () => {
    const machine = enableSnp(smallMachine({ freeRegions: 3 }), {
      firmwareRanges: [pages(1, 3)],
      hvFixedRanges: [pages(4, 5), pages(6, 8)],
    })
    const expected = Array(machine.rmp.pages).fill('Hypervisor')
    expected.fill('Firmware', 1, 3).fill('HV-Fixed', 4, 5).fill('HV-Fixed', 6, 8)
    expected.fill('Firmware', 12, 17) // 16 KiB of bookkeeping and the segment table
    expect(expected.map((_, pfn) => stateOf(machine, pfn))).toEqual(expected)
    expect([...machine.rmp.assignedPages]).toEqual([2, 0, 0, 4, 1])
  })

  it('marks the entries of a segmented RMP where the segment table says they are (§3) [K]', () => {
    const machine = enableSnp(tinyMachine())
    const layout = machine.layout
    if (layout?.kind !== 'segmented') throw new Error('segmented')
    for (const { address } of layout.segments) expect(stateOf(machine, address / PAGE)).toBe('Firmware')
    expect(stateOf(machine, layout.base / PAGE)).toBe('Firmware')
    // 3 GiB of memory: three segments of 4 MiB, 16 KiB of bookkeeping, 4 KiB of segment table
    expect([...machine.rmp.assignedPages]).toEqual([0, 0, 3 * 1024 + 5])
  })

  it('is refused when SNP is initialised already', () => {
    expect(firmwareCommand(enableSnp(smallMachine()), INIT)).not.toBe('SUCCESS')
  })

  it('refuses ranges that no RMP entry describes, or that cut pages, changing nothing', () => {
    for (const range of [pages(100, 101), { start: 10, end: PAGE }, { start: 0, end: 10 }]) {
      for (const list of ['firmwareRanges', 'hvFixedRanges']) {
        const machine = enableSnp(smallMachine(), { init: false })
        expect(firmwareCommand(machine, { ...INIT, [list]: [range] } as FirmwareCommand)).not.toBe('SUCCESS')
        expect([...machine.rmp.assignedPages]).toEqual([0, 0, 0, 0])
        expect(machine.firmware.initialised).toBe(false)
      }
    }
  })

  it('is told to listeners, with its status', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    firmwareCommand(machine, INIT)
    firmwareCommand(machine, INIT)
    const told = recorder.take().filter((event) => event.type === 'firmware')
    expect(told).toMatchObject([{ status: 'SUCCESS' }, { status: expect.not.stringMatching('SUCCESS') }])
  })
})

describe('SNP_SHUTDOWN_EX (§7) [L v5, v9]', () => {
  it('of the legacy kind leaves SNP_EN set; SNP may be initialised again, every time', () => {
    const machine = enableSnp(smallMachine())
    for (const _ of [1, 2, 3]) {
      expect(firmwareCommand(machine, LEGACY)).toBe('SUCCESS')
      expect(machine.firmware.initialised).toBe(false)
      expect(machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, true])
      initSnp(machine)
      expect(machine.firmware.initialised).toBe(true)
    }
  })

  it('of the newer kind clears SNP_EN on all cores; checks are off (§5)', () => {
    const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2 }))
    expect(firmwareCommand(machine, FULL)).toBe('SUCCESS')
    expect(machine.cpus.map(({ snpEn }) => snpEn)).toEqual([false, false, false, false])
    expect(machine.firmware.initialised).toBe(false)
    expect(machine.execute(0, assign(0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
  })

  it('fails while any guest is active, of either kind, changing nothing', () => {
    const machine = withGuest()
    for (const command of [LEGACY, FULL]) {
      expect(firmwareCommand(machine, command)).not.toBe('SUCCESS')
      expect(machine.firmware.initialised).toBe(true)
      expect(machine.snpOn(0)).toBe(true)
    }
    expect(firmwareCommand(machine, { name: 'SNP_DECOMMISSION', context: 0 })).toBe('SUCCESS')
    expect(firmwareCommand(machine, FULL)).toBe('SUCCESS')
  })

  it('is refused when SNP is not initialised', () => {
    for (const command of [LEGACY, FULL]) {
      expect(firmwareCommand(enableSnp(smallMachine(), { init: false }), command)).not.toBe('SUCCESS')
    }
  })

  it('allows SNP to be enabled and initialised anew after the newer kind', () => {
    const machine = enableSnp(smallMachine())
    firmwareCommand(machine, FULL)
    enableSnp(machine)
    expect(machine.firmware.initialised).toBe(true)
    expect(machine.execute(0, verify(machine, 0))).toMatchObject({ kind: 'done', cf: true })
  })
})

describe('firmware commands without SNP_INIT_EX', () => {
  it('are refused and change nothing', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    machine.execute(0, assign(0, { asid: 0, immutable: true }))
    machine.execute(0, assign(1, { immutable: true }))
    const commands: FirmwareCommand[] = [
      { name: 'SNP_GCTX_CREATE', context: 0 },
      { name: 'SNP_ACTIVATE', context: 0, asid: 1 },
      { name: 'SNP_LAUNCH_UPDATE', context: 0, page: PAGE, gpa: PAGE, vmsa: false },
      { name: 'SNP_LAUNCH_FINISH', context: 0 },
      { name: 'SNP_DECOMMISSION', context: 0 },
      { name: 'SNP_PAGE_RECLAIM', page: 0, size: '4K' },
      { name: 'SNP_DF_FLUSH' },
    ]
    for (const command of commands) expect(firmwareCommand(machine, command), command.name).not.toBe('SUCCESS')
    expect(states(machine, 0, 1)).toEqual(['Firmware', 'Pre-Guest'])
    expect(machine.execute(0, share(1))).toEqual({ kind: 'done', eax: 2 })
  })
})
