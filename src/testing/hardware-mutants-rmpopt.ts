/** Hardware whose RMPOPT is wrong: what it scans, stores, reports and whom it serves. */
import { type OperationSteps, stepsOf } from '../check/index.ts'
import { IMMUTABLE, type Machine } from '../machine/index.ts'
import { does } from './hardware.ts'
import { type HardwareMutants, having, instead, type Of, race, ready, region, taken, verifyIt } from './hardware-mutant.ts'
import { put, report, verify } from './instructions.ts'

const RACE = 'RMPOPT ∥ RMPUPDATE'
const TAKEN = 'RMPOPT of a region with an assigned page'
const asks = does(report(ready(), region))

export const RMPOPT_MUTANTS: HardwareMutants = {
  'a failed scan is cached': {
    shown: TAKEN,
    scene: taken,
    mutate: ({ tables }) => {
      const fail = tables.fail.bind(tables)
      tables.fail = (id) => {
        for (const scan of tables.scans) tables.cached[scan.region] = 1
        fail(id)
      }
    },
    caughtBy: ['true results'],
  },
  'a result of one region serves all': {
    shown: `RMPOPT of another region, then ${TAKEN}`,
    scene: { ...taken, threads: [{ cpu: 0, program: [does(verify(ready(), 1)), verifyIt] }] },
    mutate: ({ tables }) => {
      const publish = tables.publish.bind(tables)
      tables.publish = (id) => {
        const isSet = publish(id)
        if (isSet) tables.cached.fill(1)
        return isSet
      }
    },
    caughtBy: ['true results', 'soundness'],
  },
  'no result is stored': { shown: 'RMPOPT on two CPUs', scene: both(), mutate: having({ resultCache: false }), caughtBy: [] },
  'the scan does not look at the last huge page': {
    shown: TAKEN,
    scene: taken,
    mutate: ({ rmp, geometry }) => {
      const look = rmp.hugeAssigned.bind(rmp)
      rmp.hugeAssigned = (huge) => (huge % geometry.regionHuges === geometry.regionHuges - 1 ? 0 : look(huge))
    },
    caughtBy: ['soundness', 'true results'],
  },
  'the scan goes on after it has found an assigned page': {
    shown: TAKEN,
    scene: taken,
    steps: instead('RMPOPT', scansOn, stepsOf),
    caughtBy: [],
  },
  'HV-Fixed pages count as assigned': {
    shown: 'RMPOPT of a region with an HV-Fixed page',
    scene: {
      ...taken,
      machine: () => {
        const machine = ready()
        put(machine, 3, 'HV-Fixed')
        return machine
      },
    },
    mutate: ({ rmp, geometry: { hugePages } }) => {
      const look = rmp.hugeAssigned.bind(rmp)
      const isFixed = (huge: number) =>
        Array.from({ length: hugePages }, (_, i) => rmp.bits(huge * hugePages + i)).includes(IMMUTABLE)
      rmp.hugeAssigned = (huge) => look(huge) || Number(isFixed(huge))
    },
    caughtBy: [],
  },
  'a report sets the bit': {
    shown: 'RMPOPT(report) of a region with an assigned page',
    scene: { ...taken, threads: [{ cpu: 0, program: [asks] }] },
    steps: instead('RMPOPT', reportSets, stepsOf),
    caughtBy: ['soundness', 'true results'],
  },
  'a report verifies': {
    shown: 'RMPOPT(report)',
    scene: { ...race, threads: [{ cpu: 0, program: [asks] }] },
    steps: instead('RMPOPT', (i, ...[world, machine, cpu]) => stepsOf(world, machine, cpu, does({ ...i, rcx: 0 })), stepsOf),
    caughtBy: [],
  },
  'siblings are not served': {
    shown: 'RMPOPT ∥ RMPOPT(report) on its sibling',
    scene: {
      machine: () => ready({ threadsPerCore: 2 }),
      threads: [
        { cpu: 0, program: [verifyIt] },
        { cpu: 2, program: [asks] },
      ],
    },
    mutate: ({ topology }) => {
      topology.coreOf = (cpu) => (cpu === 2 ? 1 : cpu % topology.cores)
    },
    caughtBy: ['true answers'],
  },
  'RMPOPT tells all cores of its success': {
    shown: RACE,
    scene: race,
    mutate: having({ successBroadcast: true }),
    caughtBy: [],
  },
  'RMPOPT does not mind that the table is not enabled': {
    shown: 'RMPOPT, RMPOPT_BASE being off',
    scene: { ...taken, machine: () => offline(ready()) },
    steps: instead('RMPOPT', neverFaults, stepsOf),
    caughtBy: [],
  },
  'RMPOPT is not privileged': {
    shown: 'RMPOPT at CPL 3',
    scene: { ...race, threads: [{ cpu: 0, program: [does({ name: 'RMPOPT', rax: 0, rcx: 0, cpl: 3 })] }] },
    steps: instead('RMPOPT', (i, ...[world, machine, cpu]) => stepsOf(world, machine, cpu, does({ ...i, cpl: 0 })), stepsOf),
    caughtBy: [],
  },
}

function both() {
  return { ...race, threads: [0, 1].map((cpu) => ({ cpu, program: [verifyIt] })) }
}

function* scansOn(...[, ...of]: Of<'RMPOPT'>): OperationSteps {
  const answer = yield* stepsOf(...of)
  const { regionHuges } = of[1].geometry
  return 'summaries' in answer && answer.how === 'scanned' ? { ...answer, summaries: regionHuges } : answer
}

function* reportSets(...[{ rax, rcx }, ...of]: Of<'RMPOPT'>): OperationSteps {
  const answer = yield* stepsOf(...of)
  const [, machine, cpu] = of
  if (rcx === 0 || answer.kind !== 'done') return answer
  const { tables, topology } = machine
  tables.open(cpu, machine.regionOf(rax), topology.coreSets.of([topology.coreOf(cpu)]))
  return { ...answer, cf: tables.publish(cpu) }
}

function offline(machine: Machine): Machine {
  for (let core = 0; core < machine.topology.cores; core++) machine.tables.setBase(core, { enabled: false, base: 0 })
  return machine
}

function* neverFaults(...[, ...of]: Of<'RMPOPT'>): OperationSteps {
  const answer = yield* stepsOf(...of)
  return answer.kind === 'fault' ? { kind: 'done', cf: false, how: 'scanned', summaries: 0 } : answer
}
