/** Hardware that is wrong in one thing, each with a program in which it can be seen and the property that must see it. */
import { MSR_RMPOPT_BASE, SUCCESS } from '../arch/index.ts'
import { HARDWARE_PROPERTIES, type OperationSteps, stepsOf } from '../check/index.ts'
import { ASSIGNED, type Machine } from '../machine/index.ts'
import { commands, does, guestWrites, type Scene, writes } from './hardware.ts'
import { assign, PAGE, psmash, put, report, share, verify } from './instructions.ts'
import { enableSnp, smallMachine, type TestMachineSpec } from './machines.ts'

export interface HardwareMutant {
  /** On right hardware: nothing fails. */
  readonly scene: Scene
  /** What is wrong with it. */
  readonly mutate?: (machine: Machine) => void
  readonly steps?: typeof stepsOf
  /** The machine made otherwise. */
  readonly machine?: () => Machine
  /** Properties that see it; the first is the one that is about it. */
  readonly caughtBy: readonly string[]
}

const ready = (spec: TestMachineSpec = {}) => enableSnp(smallMachine(spec), { init: false })
const region = 0
const verifyIt = does(verify(ready(), region))

/** RMPOPT on one CPU, RMPUPDATE of a page of the region on another. */
const race: Scene = {
  machine: () => ready({ cores: 3 }),
  threads: [
    { cpu: 0, program: [verifyIt] },
    { cpu: 1, program: [does(assign(3))] },
  ],
}

const optimised: Scene = { ...race, machine: () => optimise(ready({ cores: 3 })) }

function optimise(machine: Machine): Machine {
  machine.execute(2, verify(machine, region))
  return machine
}

export const HARDWARE_MUTANTS: Readonly<Record<string, HardwareMutant>> = {
  'the broadcast clears nothing': {
    scene: optimised,
    mutate: ({ tables }) => {
      tables.clear = () => {}
    },
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'a scan under way does not notice the broadcast': {
    scene: race,
    mutate: (machine) => {
      machine.tables.clear = (at) => {
        machine.tables.sets[at] = machine.topology.coreSets.none
        machine.tables.cached[at] = 0
      }
    },
    caughtBy: ['soundness', 'true results', 'race guarantee'],
  },
  'the broadcast reaches one core only': {
    scene: { ...optimised, threads: optimised.threads.slice(1) },
    mutate: (machine) => {
      const { coreSets } = machine.topology
      machine.tables.clear = (at) => {
        machine.tables.sets[at] = coreSets.minus(machine.tables.sets[at], coreSets.of([1]))
        machine.tables.dropResult(at)
      }
    },
    caughtBy: ['race guarantee', 'soundness'],
  },
  'the broadcast clears another region': {
    scene: optimised,
    mutate: ({ tables }) => {
      const clear = tables.clear.bind(tables)
      tables.clear = (at) => clear((at + 1) % tables.sets.length)
    },
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'the broadcast comes before the write': {
    scene: race,
    steps: broadcastFirst,
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'what was seen is published though the scan was lost': {
    scene: race,
    mutate: ({ tables }) => {
      const publish = tables.publish.bind(tables)
      tables.publish = (id) => {
        for (const scan of tables.scans) scan.lost = false
        return publish(id)
      }
    },
    caughtBy: ['soundness', 'true results', 'race guarantee'],
  },
  'RMPUPDATE does not drop the cached result': {
    scene: optimised,
    machine: () => optimise(ready({ cores: 3, options: { rmpupdateDropsCachedResult: false } })),
    caughtBy: ['true results', 'soundness', 'race guarantee'],
  },
  'a failed scan is cached': {
    scene: { ...race, machine: () => assigned(ready({ cores: 3 })), threads: race.threads.slice(0, 1) },
    mutate: ({ tables }) => {
      const fail = tables.fail.bind(tables)
      tables.fail = (id) => {
        for (const scan of tables.scans) tables.cached[scan.region] = 1
        fail(id)
      }
    },
    caughtBy: ['true results'],
  },
  'the scan does not look at the last huge page': {
    scene: { ...race, machine: () => assigned(ready({ cores: 3 })), threads: race.threads.slice(0, 1) },
    mutate: ({ rmp, geometry }) => {
      const look = rmp.hugeAssigned.bind(rmp)
      rmp.hugeAssigned = (huge) => (huge % geometry.regionHuges === geometry.regionHuges - 1 ? 0 : look(huge))
    },
    caughtBy: ['soundness', 'true results'],
  },
  'siblings are not served': {
    scene: {
      machine: () => ready({ threadsPerCore: 2 }),
      threads: [
        { cpu: 0, program: [verifyIt] },
        { cpu: 2, program: [does(report(ready(), region))] },
      ],
    },
    mutate: ({ topology }) => {
      topology.coreOf = (cpu) => (cpu === 2 ? 1 : cpu % topology.cores)
    },
    caughtBy: ['true answers'],
  },
  'the shoot-down is missing': {
    scene: { ...race, threads: [{ cpu: 0, program: [writes(3), writes(3)] }, race.threads[1]] },
    mutate: ({ tlb }) => {
      tlb.shootDown = () => 0
    },
    caughtBy: ['integrity'],
  },
  'the shoot-down is missing when a page is taken back': {
    scene: {
      machine: () => {
        const machine = ready()
        put(machine, 3, 'Guest-Valid')
        return machine
      },
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
    scene: { ...race, machine: () => assigned(ready()), threads: [{ cpu: 0, program: [writes(3)] }] },
    mutate: (machine) => {
      machine.snpOn = () => false
    },
    caughtBy: ['integrity'],
  },
  'SNP_INIT_EX keeps the tables': {
    scene: { ...optimised, threads: [initialises(0)] },
    mutate: ({ tables }) => {
      tables.clearAll = () => {}
    },
    caughtBy: ['init clears', 'soundness', 'true results'],
  },
  'RMPOPT_BASE can be enabled without SNP': {
    scene: { machine: () => smallMachine(), threads: [{ cpu: 0, program: [enables()] }] },
    steps: enablesAlways,
    caughtBy: ['enable needs SNP'],
  },
  'entries are not locked': {
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
  'PSMASH does not clear': {
    scene: {
      ...race,
      machine: () => {
        const machine = ready()
        put(machine, 2, 'Guest-Valid', '2M')
        machine.tables.grant(region) // as if hardware had let it be
        return machine
      },
      threads: [{ cpu: 0, program: [does(psmash(2))] }],
      properties: HARDWARE_PROPERTIES.filter(({ name }) => name === 'race guarantee'),
    },
    mutate: ({ tables }) => {
      tables.clear = () => {}
    },
    caughtBy: ['race guarantee'],
  },
  'an entry stays locked': {
    scene: { ...race, threads: race.threads.slice(1) },
    mutate: ({ locks }) => {
      locks.delete = () => false
    },
    caughtBy: ['nothing left behind'],
  },
}

function assigned(machine: Machine): Machine {
  put(machine, 3, 'Guest-Valid')
  return machine
}

function optimiseOther(machine: Machine): Machine {
  machine.execute(0, verify(machine, 1))
  return machine
}

function initialises(cpu: number) {
  return { cpu, program: [commands({ name: 'SNP_INIT_EX', firmwareRanges: [{ start: 0, end: PAGE }], hvFixedRanges: [] })] }
}

function enables() {
  return does({ name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 1n })
}

/** RMPUPDATE with its broadcast before its write. */
function* broadcastFirst(...[world, machine, cpu, operation]: Parameters<typeof stepsOf>): OperationSteps {
  if (operation.do !== 'instruction' || operation.instruction.name !== 'RMPUPDATE') {
    return yield* stepsOf(world, machine, cpu, operation)
  }
  const { rax, input } = operation.instruction
  yield 'broadcast'
  machine.tables.clear(machine.regionOf(rax))
  yield 'write'
  machine.rmp.setPage(rax / PAGE, ASSIGNED, input.asid, input.gpa / PAGE)
  yield 'shoot down'
  machine.tlb.shootDown(rax, PAGE)
  return { kind: 'done', eax: SUCCESS }
}

/** WRMSR that does not ask whether SNP is on. */
function* enablesAlways(...[world, machine, cpu, operation]: Parameters<typeof stepsOf>): OperationSteps {
  if (operation.do !== 'instruction' || operation.instruction.name !== 'WRMSR') {
    return yield* stepsOf(world, machine, cpu, operation)
  }
  machine.tables.setBase(machine.coreOf(cpu), { enabled: true, base: 0 })
  return { kind: 'done' }
}
