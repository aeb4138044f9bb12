import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign, guestAccess, PAGE, psmash, put, pvalidate, share, verify } from '../testing/instructions.ts'
import { enableSnp, SMALL, smallMachine } from '../testing/machines.ts'
import { access, firmwareCommand, loadMachine, type Machine, microSteps, saveMachine, WordReader } from './index.ts'

const PAGES = 2 * SMALL.regionPages

/** Things to do to a machine, some of them left half done. */
const deeds = fc.array(fc.record({ what: fc.nat(9), page: fc.nat(PAGES - 1), cpu: fc.nat(1), steps: fc.nat(6) }), {
  maxLength: 12,
})

function act(machine: Machine, { what, page, cpu, steps }: { what: number; page: number; cpu: number; steps: number }): void {
  const huge = page - (page % SMALL.hugePages)
  const isIdle = machine.locks.size === 0 && machine.tables.scans.length === 0
  switch (what) {
    case 0:
      return void machine.execute(cpu, assign(page, { size: '4K' }))
    case 1:
      return void machine.execute(cpu, assign(huge, { size: '2M' }))
    case 2:
      return void machine.execute(cpu, share(page))
    case 3:
      return void machine.execute(cpu, psmash(huge))
    case 4:
      return void machine.execute(cpu, pvalidate(page))
    case 5:
      return void (isIdle && machine.execute(cpu, verify(machine, page % 2)))
    case 6:
      return void access(machine, cpu, { who: 'hypervisor', spa: page * PAGE, write: true, mapping: PAGE })
    case 7:
      return void access(machine, cpu, guestAccess(page))
    case 8:
      return void firmwareCommand(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })
    default: {
      const begun = microSteps(machine, cpu, page % 2 === 0 ? assign(page) : verify(machine, page % 2))
      if (isIdle) for (let i = 0; i < steps; i++) begun.next()
    }
  }
}

function saved(machine: Machine): number[] {
  const words: number[] = []
  saveMachine(machine, words)
  return words
}

describe('the state of a machine, saved', () => {
  it('is gone back to, and what follows goes the same way again', () => {
    fc.assert(
      fc.property(deeds, deeds, (before, after) => {
        const machine = enableSnp(smallMachine())
        for (const deed of before) act(machine, deed)
        const words = saved(machine)
        for (const deed of after) act(machine, deed)
        const onward = saved(machine)
        loadMachine(machine, new WordReader(Int32Array.from(words)))
        expect(saved(machine)).toEqual(words)
        for (const deed of after) act(machine, deed)
        expect(saved(machine)).toEqual(onward)
        expect([...machine.rmp.assignedPages]).toEqual(counted(machine))
      }),
      { numRuns: 300 },
    )
  })

  it('does not tell in which order things came about', () => {
    const [one, other] = [enableSnp(smallMachine()), enableSnp(smallMachine())]
    for (const page of [1, 6]) one.execute(0, assign(page))
    for (const page of [6, 1]) other.execute(1, assign(page))
    expect(saved(other)).toEqual(saved(one))
  })

  it('holds whatever is visible of an entry', () => {
    const machine = enableSnp(smallMachine())
    const before = saved(machine)
    put(machine, 2, 'Guest-Valid', '2M')
    expect(saved(machine)).not.toEqual(before)
    loadMachine(machine, new WordReader(Int32Array.from(before)))
    expect(machine.rmp.entry(3)).toMatchObject({ assigned: false })
    expect(machine.rmp.firstAssignedHuge(0)).toBe(-1)
  })
})

function counted({ rmp, geometry }: Machine): number[] {
  return Array.from({ length: rmp.regions }, (_, region) => {
    let count = 0
    for (let pfn = region * geometry.regionPages; pfn < (region + 1) * geometry.regionPages; pfn++) {
      if (rmp.entry(pfn).assigned) count++
    }
    return count
  })
}
