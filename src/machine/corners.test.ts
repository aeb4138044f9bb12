/** Corners that a test written from the reference alone found the machine to cut: each states what the reference wants. */
import { describe, expect, it } from 'vitest'
import { errorCodeHas, GIB, MIB, NPF_RMP, planSegmented } from '../arch/index.ts'
import { assign, guestAccess, guestOf, PAGE, psmash, put, pvalidate, share, stateOf, verify } from '../testing/instructions.ts'
import { findViolation, type Play, type World } from '../testing/interleavings.ts'
import { ALL_FEATURES, enableSnp, initSnp, smallMachine } from '../testing/machines.ts'
import {
  type Access,
  type AccessOutcome,
  access,
  firmwareCommand,
  type Instruction,
  Machine,
  microSteps,
  type Outcome,
} from './index.ts'

const faults = (outcome: AccessOutcome) =>
  outcome.kind === 'fault' && 'errorCode' in outcome.fault && errorCodeHas(outcome.fault.errorCode, NPF_RMP)

describe('SNP_INIT_EX', () => {
  it('works after a legacy shutdown with the ranges it had before: hosts do init, command, legacy shutdown every time (§7) [L v5, v9]', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    const ranges = { firmwareRanges: [{ start: 0, end: PAGE }], hvFixedRanges: [{ start: PAGE, end: 2 * PAGE }] }
    initSnp(machine, ranges)
    expect(firmwareCommand(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })).toBe('SUCCESS')
    expect(firmwareCommand(machine, { name: 'SNP_INIT_EX', ...ranges })).toBe('SUCCESS')
  })

  it('leaves the RMP’s own memory Firmware, though an HV-Fixed range lists it: it is reserved memory, after all (§4) [APM]', () => {
    const machine = enableSnp(smallMachine(), { init: false })
    const [{ start, end }] = machine.rmpOwn
    const hvFixedRanges = [{ start, end: end + PAGE }]
    const status = firmwareCommand(machine, { name: 'SNP_INIT_EX', firmwareRanges: [], hvFixedRanges })
    expect(status === 'SUCCESS' ? stateOf(machine, start / PAGE) : 'Firmware').toBe('Firmware')
  })
})

describe('a guest’s context page', () => {
  it('cannot be reclaimed while the guest lives, not even as a piece of a large firmware page (§4, §7) [APM]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, assign(0, { asid: 0, immutable: true, size: '2M' }))
    const created = firmwareCommand(machine, { name: 'SNP_GCTX_CREATE', context: PAGE })
    firmwareCommand(machine, { name: 'SNP_PAGE_RECLAIM', page: 0, size: '2M' })
    machine.execute(0, share(0, '2M'))
    expect([created, stateOf(machine, 1)]).not.toEqual(['SUCCESS', 'Hypervisor'])
  })
})

describe('an SNP guest’s access (§5 row 3, “sizes agree”) [APM, K]', () => {
  it('through a 4K mapping of a 2M entry faults: that is the fault that makes KVM run PSMASH (§7) [K]', () => {
    const machine = enableSnp(smallMachine())
    put(machine, 2, 'Guest-Valid', '2M')
    expect(faults(access(machine, 0, guestAccess(3, { mapping: PAGE })))).toBe(true)
  })
})

describe('a translation is one of a guest address, a C bit and a VMPL; for another the RMP is looked at (§5) [APM]', () => {
  function privatelyWritten(): Machine {
    const machine = enableSnp(smallMachine())
    put(machine, 0, 'Guest-Valid')
    expect(access(machine, 0, guestAccess(0))).toEqual({ kind: 'passed', how: 'checked' })
    return machine
  }

  it('a shared write to a page that was written privately before faults (row 4)', () => {
    expect(faults(access(privatelyWritten(), 0, guestAccess(0, { isPrivate: false })))).toBe(true)
  })

  it('a write at another guest address faults (row 3)', () => {
    expect(faults(access(privatelyWritten(), 0, guestAccess(0, { gpa: 5 * PAGE })))).toBe(true)
  })

  it('a write of a VMPL without rights faults (row 3)', () => {
    expect(faults(access(privatelyWritten(), 0, guestAccess(0, { vmpl: 3 })))).toBe(true)
  })
})

describe('memory that has RMP entries but no RAM (§3)', () => {
  it('has entries like any other: RMPUPDATE is remembered, or refused', () => {
    const ram = [{ start: 0, end: GIB + 512 * MIB, node: 0 }]
    const layout = planSegmented({ ram, segmentShift: 30, base: 0, place: (segment) => (segment + 1) * 4 * MIB })
    const topology = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 }
    const machine = enableSnp(new Machine({ topology, ram, layout, features: ALL_FEATURES }))
    const pfn = (2 * GIB) / PAGE - 1 // the last page of the GiB that the segment maps
    const outcome = machine.execute(0, assign(pfn))
    const isAssigned = outcome.kind === 'done' && outcome.eax === 0
    const write: Access = { who: 'hypervisor', spa: pfn * PAGE, write: true, mapping: PAGE }
    expect([machine.rmp.entry(pfn).assigned, access(machine, 0, write).kind]).toEqual([
      isAssigned,
      isAssigned ? 'fault' : 'passed',
    ])
  })
})

describe('the cached result (§6.11)', () => {
  it('is dropped by every RMPUPDATE in the region, as the reference has it, not only by one that assigns [A]', () => {
    const machine = enableSnp(smallMachine())
    machine.execute(0, verify(machine, 0))
    machine.execute(0, share(0)) // shared before, shared after
    expect(machine.execute(1, verify(machine, 0))).toMatchObject({ how: 'scanned' })
  })
})

/** Two threads, and what one finds wrong with a schedule of them. */
function race(
  setUp: (machine: Machine) => void,
  ...threads: ((machine: Machine) => Instruction)[][]
): () => World<Machine, Outcome> {
  return () => {
    const machine = enableSnp(smallMachine(), { init: false })
    setUp(machine)
    return { state: machine, threads: threads.map((program, cpu) => run(machine, cpu, program)) }
  }
}

function* run(machine: Machine, cpu: number, program: ((machine: Machine) => Instruction)[]): Generator<string, Outcome, void> {
  let outcome: Outcome = { kind: 'done' }
  for (const instruction of program) outcome = yield* microSteps(machine, cpu, instruction(machine))
  return outcome
}

const isDone = ({ answers }: Play<Machine, Outcome>) => answers.every((answer) => answer !== undefined)
const succeeded = (outcome: Outcome | undefined) => outcome !== undefined && 'eax' in outcome && outcome.eax === 0

describe('instructions that change one entry at once, micro-step by micro-step (§4, §6.8)', () => {
  it('RMPUPDATE that takes a page back has taken it back: a PVALIDATE under way does not assign it again', () => {
    const scene = race((machine) => put(machine, 0, 'Guest-Invalid'), [() => pvalidate(0)], [() => share(0)])
    const wrong = (play: Play<Machine, Outcome>) =>
      isDone(play) && succeeded(play.answers[1]) && play.state.rmp.entry(0).assigned ? 'assigned after it was shared' : undefined
    expect(findViolation(scene, wrong)).toBeUndefined()
  })

  it('so that no region is ever optimised with an assigned page in it (§6.5, §6.9)', () => {
    const scene = race((machine) => put(machine, 0, 'Guest-Invalid'), [() => pvalidate(0)], [() => share(0), (m) => verify(m, 0)])
    const wrong = ({ state, answers }: Play<Machine, Outcome>) =>
      answers[1] !== undefined && state.rmp.assignedPages[0] > 0 && state.optimisedOn(0).size > 0
        ? 'optimised and assigned'
        : undefined
    expect(findViolation(scene, wrong)).toBeUndefined()
  })

  it('nor does an RMPADJUST under way', () => {
    const adjust: Instruction = { name: 'RMPADJUST', guest: guestOf(0), size: '4K', targetVmpl: 1, permissions: 1, vmsa: false }
    const scene = race((machine) => put(machine, 0, 'Guest-Valid'), [() => adjust], [() => share(0)])
    const wrong = (play: Play<Machine, Outcome>) =>
      isDone(play) && succeeded(play.answers[1]) && play.state.rmp.entry(0).assigned ? 'assigned after it was shared' : undefined
    expect(findViolation(scene, wrong)).toBeUndefined()
  })

  it('PSMASH keeps Validated, also that of a PVALIDATE which completes while it is under way', () => {
    const setUp = (machine: Machine) => put(machine, 2, 'Guest-Invalid', '2M')
    const scene = race(setUp, [() => pvalidate(2, true, '2M')], [() => psmash(2)])
    const wrong = (play: Play<Machine, Outcome>) =>
      isDone(play) && play.answers.every(succeeded) && !play.state.rmp.entry(2).validated ? 'validated, then not' : undefined
    expect(findViolation(scene, wrong)).toBeUndefined()
  })

  it('PSMASH has split: a PVALIDATE under way does not put the large entry back', () => {
    const setUp = (machine: Machine) => put(machine, 2, 'Guest-Invalid', '2M')
    const scene = race(setUp, [() => pvalidate(2, true, '2M')], [() => psmash(2)])
    const wrong = (play: Play<Machine, Outcome>) =>
      isDone(play) && succeeded(play.answers[1]) && play.state.rmp.entry(2).size === '2M' ? 'large after it was split' : undefined
    expect(findViolation(scene, wrong)).toBeUndefined()
  })

  it('a page that becomes part of a large one while a PVALIDATE of it is under way is no crash of the model', () => {
    const program = [() => share(2), () => share(3), () => assign(2, { size: '2M' })]
    const setUp = (machine: Machine) => [2, 3].map((pfn) => put(machine, pfn, 'Guest-Invalid'))
    expect(findViolation(race(setUp, [() => pvalidate(2)], program), () => undefined)).toBeUndefined()
  })

  it('an RMPUPDATE that meets another in the same huge page fails with FAIL_OVERLAP, on which Linux retries (§2) [K]', () => {
    const scene = race(() => {}, [() => assign(0)], [() => assign(1)])
    const wrong = ({ answers }: Play<Machine, Outcome>) => {
      const refused = answers.find((answer) => answer !== undefined && 'eax' in answer && answer.eax !== 0)
      return refused !== undefined && 'eax' in refused && refused.eax !== 4 ? `refused with ${refused.eax}` : undefined
    }
    expect(findViolation(scene, wrong)).toBeUndefined()
  })
})
