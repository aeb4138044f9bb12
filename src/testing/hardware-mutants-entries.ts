/** Hardware whose entries and checks are wrong. */
import { SUCCESS } from '../arch/index.ts'
import { type Operation, type OperationSteps, stepsOf } from '../check/index.ts'
import { ASSIGNED, IMMUTABLE, type Machine, SIZE_2M, VALIDATED } from '../machine/index.ts'
import { does, guestWrites, reads, writes } from './hardware.ts'
import { assigned, type HardwareMutants, instead, type Of, optimised, race, ready, type Steps } from './hardware-mutant.ts'
import { assign, guestAccess, PAGE, psmash, put, share, verify } from './instructions.ts'

const UPDATE = 'RMPUPDATE'
const WRITE = 'a write to an assigned page'
const writesIt = { ...race, machine: () => assigned(ready()), threads: [{ cpu: 0, program: [writes(3)] }] }

export const ENTRIES_MUTANTS: HardwareMutants = {
  'entries are not locked': {
    shown: 'RMPUPDATE ∥ RMPUPDATE of the same page for another guest',
    scene: {
      ...race,
      threads: [
        { cpu: 0, program: [does(assign(3))] },
        { cpu: 1, program: [does(assign(3, { asid: 2 }))] },
      ],
    },
    mutate: ({ locks }) => {
      locks.set = () => locks
    },
    caughtBy: ['updates take effect'],
  },
  'an entry stays locked': {
    shown: UPDATE,
    scene: { ...race, threads: race.threads.slice(1) },
    mutate: ({ locks }) => {
      locks.delete = () => false
    },
    caughtBy: ['nothing left behind'],
  },
  'RMPUPDATE keeps Validated': {
    shown: 'RMPUPDATE that gives a page of one guest to another',
    scene: { ...writesIt, threads: [{ cpu: 0, program: [does(assign(3, { asid: 2 }))] }] },
    mutate: ({ rmp }) => {
      const set = rmp.setPage.bind(rmp)
      rmp.setPage = (pfn, bits, asid, gfn) => set(pfn, bits === 0 ? 0 : bits | (rmp.bits(pfn) & VALIDATED), asid, gfn)
    },
    caughtBy: ['updates take effect'],
  },
  'RMPUPDATE does not mind Immutable': {
    shown: 'RMPUPDATE of an HV-Fixed page',
    scene: {
      ...race,
      machine: () => {
        const machine = ready()
        put(machine, 3, 'HV-Fixed')
        return machine
      },
      threads: race.threads.slice(1),
    },
    mutate: ({ rmp }) => {
      const look = rmp.bits.bind(rmp)
      rmp.bits = (pfn) => look(pfn) & ~IMMUTABLE
    },
    caughtBy: [],
  },
  'PSMASH forgets Validated': {
    shown: 'PSMASH',
    scene: {
      ...race,
      machine: () => {
        const machine = ready()
        put(machine, 2, 'Guest-Valid', '2M')
        return machine
      },
      threads: [{ cpu: 0, program: [does(psmash(2))] }],
    },
    steps: instead('PSMASH', forgetsValidated, stepsOf),
    caughtBy: [],
  },
  'the shoot-down is missing': {
    shown: 'two writes ∥ RMPUPDATE',
    scene: { ...race, threads: [{ cpu: 0, program: [writes(3), writes(3)] }, race.threads[1]] },
    mutate: ({ tlb }) => {
      tlb.shootDown = () => 0
    },
    caughtBy: ['integrity'],
  },
  'the shoot-down is missing when a page is taken back': {
    shown: 'two writes of a guest ∥ RMPUPDATE that takes its page',
    scene: {
      machine: () => assigned(ready()),
      threads: [
        { cpu: 0, program: [guestWrites(3), guestWrites(3)] },
        { cpu: 1, program: [does(share(3))] },
      ],
    },
    mutate: ({ tlb }) => {
      tlb.shootDown = () => 0
    },
    caughtBy: ['isolation'],
  },
  'a bit of one region serves all': {
    shown: 'a write to an assigned page, where another region is optimised',
    scene: {
      ...optimised,
      machine: () => assigned(optimiseOther(ready({ cores: 3 }))),
      threads: [{ cpu: 0, program: [writes(3)] }],
    },
    mutate: ({ tables }) => {
      tables.isOptimised = () => tables.sets.some(({ size }) => size > 0)
    },
    caughtBy: ['integrity'],
  },
  'a CPU forgets that SNP is on': {
    shown: WRITE,
    scene: writesIt,
    mutate: (machine) => {
      machine.snpOn = () => false
    },
    caughtBy: ['integrity'],
  },
  'a translation for reading serves writes': {
    shown: 'a read of an assigned page, then a write',
    scene: { ...writesIt, threads: [{ cpu: 0, program: [reads(3), writes(3)] }] },
    mutate: ({ tlb }) => {
      const find = tlb.find.bind(tlb)
      tlb.find = (cpu, key, spa) => find(cpu, key, spa, false)
    },
    caughtBy: ['integrity'],
  },
  'a 2M mapping is checked by the page that is written': {
    shown: 'a write beside an assigned page through a 2M mapping, then one to it',
    scene: { ...writesIt, threads: [{ cpu: 0, program: [writes(2, 1, 2 * PAGE), writes(3, 1, 2 * PAGE)] }] },
    steps: checksOnePage,
    caughtBy: ['integrity'],
  },
  'a guest’s check does not ask whose page it is': {
    shown: 'a write of guest 2 to a page of guest 1',
    scene: { ...writesIt, threads: [{ cpu: 0, program: [strangerWrites()] }] },
    steps: asksNotWhose,
    caughtBy: ['isolation'],
  },
  'a guest can use what it has not validated': {
    shown: 'RMPUPDATE ∥ a write of the guest',
    scene: { ...race, threads: [{ cpu: 0, program: [guestWrites(3)] }, race.threads[1]] },
    steps: asksNotValidated,
    caughtBy: ['isolation'],
  },
}

function optimiseOther(machine: Machine): Machine {
  machine.execute(0, verify(machine, 1))
  return machine
}

function strangerWrites(): Operation {
  return { do: 'access', access: guestAccess(3, { asid: 2 }), value: 1 }
}

function* forgetsValidated(...[{ rax }, ...of]: Of<'PSMASH'>): OperationSteps {
  const [, { rmp }] = of
  const answer = yield* stepsOf(...of)
  if (!('eax' in answer) || answer.eax !== SUCCESS) return answer
  const huge = rmp.hugeOf(rax / PAGE)
  rmp.setHuge(huge, rmp.hugeBits(huge) & ~VALIDATED, rmp.asid(rax / PAGE), rmp.gfn(rax / PAGE))
  return answer
}

function* checksOnePage(...[world, machine, cpu, operation]: Parameters<Steps>): OperationSteps {
  if (operation.do !== 'access' || operation.access.who === 'SNP guest') return yield* stepsOf(world, machine, cpu, operation)
  const { access, value } = operation
  const answer = world.access(cpu, { ...access, mapping: PAGE }, value)
  const base = access.spa - (access.spa % access.mapping)
  if (answer.kind === 'passed') {
    machine.tlb.fill({ cpu, key: 'host', base, bytes: access.mapping, writable: access.write, unchecked: false })
  }
  return answer
}

function* asksNotWhose(...[world, machine, cpu, operation]: Parameters<Steps>): OperationSteps {
  if (operation.do !== 'access' || operation.access.who !== 'SNP guest') return yield* stepsOf(world, machine, cpu, operation)
  const { access, value } = operation
  return world.access(cpu, { ...access, asid: machine.rmp.asid(access.spa / PAGE) }, value)
}

function* asksNotValidated(...[world, machine, cpu, operation]: Parameters<Steps>): OperationSteps {
  if (operation.do !== 'access' || operation.access.who !== 'SNP guest') return yield* stepsOf(world, machine, cpu, operation)
  const { access, value } = operation
  const { rmp } = machine
  const pfn = access.spa / PAGE
  const [bits, asid, gfn] = [rmp.bits(pfn), rmp.asid(pfn), rmp.gfn(pfn)]
  if ((bits & ASSIGNED) === 0 || (bits & SIZE_2M) !== 0) return world.access(cpu, access, value)
  rmp.setPage(pfn, bits | VALIDATED, asid, gfn)
  const answer = world.access(cpu, access, value)
  rmp.setPage(pfn, bits, asid, gfn)
  return answer
}
