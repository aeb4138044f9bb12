import { describe, expect, it, vi } from 'vitest'
import { GIB } from '../arch/index.ts'
import { assign, coresWith, PAGE, psmash, put, share, verify } from '../testing/instructions.ts'
import { enableSnp, smallMachine, tinyMachine } from '../testing/machines.ts'
import { type Access, access, type Machine, MachineRecorder } from './index.ts'

const write = (pfn: number, mapping = PAGE): Access => ({ who: 'hypervisor', spa: pfn * PAGE, write: true, mapping })

/** CPU 0 has written through a 1 GiB mapping of an optimised region: its translation covers all of it, unchecked. */
function writtenUnderAnOptimisation(): Machine {
  const machine = enableSnp(tinyMachine())
  machine.execute(0, verify(machine, 0))
  expect(access(machine, 0, write(7, GIB))).toEqual({ kind: 'passed', how: 'skipped' })
  return machine
}

describe('why RMPUPDATE must shoot translations down (§5, §6.8)', () => {
  it('a write that was let through under an optimisation faults once the page is assigned', () => {
    for (const assigned of [7, 3000, 262143]) {
      const machine = writtenUnderAnOptimisation()
      expect(access(machine, 0, write(assigned, GIB))).toEqual({ kind: 'passed', how: 'cached translation' })
      machine.execute(1, assign(assigned))
      expect(coresWith(machine, 0)).toEqual([])
      expect(access(machine, 0, write(assigned, GIB))).toMatchObject({ kind: 'fault', fault: { vector: '#PF' } })
    }
  })

  it('without the shoot-down it would still go through, though the bit is cleared: the check above can fail', () => {
    const machine = writtenUnderAnOptimisation()
    vi.spyOn(machine.tlb, 'shootDown').mockReturnValue(0)
    machine.execute(1, assign(3000))
    expect(coresWith(machine, 0)).toEqual([])
    expect(access(machine, 0, write(3000, GIB))).toEqual({ kind: 'passed', how: 'cached translation' })
    expect(access(machine, 1, write(3000, GIB))).toMatchObject({ kind: 'fault' }) // a CPU without the translation
  })

  it('without the clear it would go through as well: both are needed', () => {
    const machine = writtenUnderAnOptimisation()
    vi.spyOn(machine.tables, 'clear').mockReturnValue(undefined)
    machine.execute(1, assign(3000))
    expect(access(machine, 0, write(3000, GIB))).toEqual({ kind: 'passed', how: 'skipped' })
  })

  it('holds for translations that were checked, too', () => {
    const machine = enableSnp(smallMachine())
    for (const cpu of [0, 1]) expect(access(machine, cpu, write(0))).toEqual({ kind: 'passed', how: 'checked' })
    machine.execute(1, assign(0))
    for (const cpu of [0, 1]) expect(access(machine, cpu, write(0))).toMatchObject({ kind: 'fault' })
  })
})

describe('the shoot-down', () => {
  it('reaches every CPU and every translation into the page, and no other', () => {
    const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2 }))
    for (const cpu of [0, 1, 2, 3]) for (const pfn of [0, 1, 2, 4]) access(machine, cpu, write(pfn))
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    machine.execute(0, assign(1))
    expect(recorder.take()).toContainEqual({ type: 'shot-down', count: 4 })
    expect(machine.tlb.translations.map(({ cpu, base }) => [cpu, base / PAGE])).toEqual(
      [0, 1, 2, 3].flatMap((cpu) => [0, 2, 4].map((pfn) => [cpu, pfn])),
    )
  })

  it('drops the translation to a guest’s page when the page is taken back, and when a large page is split', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 0, 'Guest-Valid')
    put(machine, 2, 'Guest-Valid', '2M')
    const guest = (pfn: number, mapping: number): Access => ({
      who: 'SNP guest',
      spa: pfn * PAGE,
      gpa: pfn * PAGE,
      write: true,
      mapping,
      asid: 1,
      vmpl: 0,
      isPrivate: true,
    })
    expect(access(machine, 0, guest(0, PAGE))).toMatchObject({ kind: 'passed' })
    expect(access(machine, 0, guest(2, 2 * PAGE))).toMatchObject({ kind: 'passed' })
    machine.execute(1, share(0))
    machine.execute(1, psmash(2))
    expect(machine.tlb.translations).toEqual([])
    expect(access(machine, 0, guest(0, PAGE))).toMatchObject({ kind: 'fault' })
    expect(access(machine, 0, guest(2, 2 * PAGE))).toMatchObject({ kind: 'fault' })
  })
})
