/** Hardware whose clears are wrong: of RMPUPDATE and PSMASH, and what a scan under way makes of them. */
import { HARDWARE_PROPERTIES, type OperationSteps, stepsOf } from '../check/index.ts'
import type { Machine } from '../machine/index.ts'
import { does } from './hardware.ts'
import { type HardwareMutants, having, instead, type Of, optimised, race, ready, region } from './hardware-mutant.ts'
import { assign, psmash, put, share } from './instructions.ts'

const RACE = 'RMPOPT ∥ RMPUPDATE'
const OPTIMISED = `${RACE}, where another core has the region optimised`

export const BROADCAST_MUTANTS: HardwareMutants = {
  'the broadcast clears nothing': {
    shown: OPTIMISED,
    scene: optimised,
    mutate: ({ tables }) => {
      tables.clear = () => {}
    },
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'the broadcast comes before the write': {
    shown: RACE,
    scene: race,
    steps: instead('RMPUPDATE', broadcastFirst, stepsOf),
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'RMPUPDATE completes before its broadcast has arrived': {
    shown: `${OPTIMISED}; it arrives with the next WBINVD`,
    scene: { ...optimised, threads: [{ cpu: 1, program: [does(assign(3)), does({ name: 'WBINVD' })] }] },
    steps: instead('RMPUPDATE', broadcastLater, instead('WBINVD', broadcastNow, stepsOf)),
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'the broadcast reaches one core only': {
    shown: 'RMPUPDATE, where another core has the region optimised',
    scene: { ...optimised, threads: optimised.threads.slice(1) },
    mutate: (machine) => {
      const { coreSets } = machine.topology
      machine.tables.clear = (at) => {
        machine.tables.sets[at] = coreSets.minus(machine.tables.sets[at], coreSets.of([0]))
        machine.tables.dropResult(at)
      }
    },
    caughtBy: ['race guarantee', 'soundness'],
  },
  'the broadcast clears another region': {
    shown: OPTIMISED,
    scene: optimised,
    mutate: ({ tables }) => {
      const clear = tables.clear.bind(tables)
      tables.clear = (at) => clear((at + 1) % tables.sets.length)
    },
    caughtBy: ['race guarantee', 'soundness', 'true results'],
  },
  'a scan under way does not notice the broadcast': {
    shown: RACE,
    scene: race,
    mutate: (machine) => {
      machine.tables.clear = (at) => {
        machine.tables.sets[at] = machine.topology.coreSets.none
        machine.tables.cached[at] = 0
      }
    },
    caughtBy: ['soundness', 'true results', 'race guarantee'],
  },
  'what was seen is published though the scan was lost': {
    shown: RACE,
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
  'RMPOPT says yes though its scan was lost': {
    shown: RACE,
    scene: race,
    mutate: ({ tables }) => {
      const publish = tables.publish.bind(tables)
      tables.publish = (id) => publish(id) || true
    },
    caughtBy: ['true answers'],
  },
  'RMPUPDATE does not drop the cached result': {
    shown: OPTIMISED,
    scene: optimised,
    mutate: having({ rmpupdateDropsCachedResult: false }),
    caughtBy: ['true results', 'soundness', 'race guarantee'],
  },
  'RMPUPDATE clears when it takes a page back, too': {
    shown: 'RMPUPDATE that makes a page shared, where another core has the region optimised',
    scene: { ...optimised, threads: [{ cpu: 0, program: [does(share(3))] }] },
    mutate: ({ tables, topology }) => {
      tables.dropResult = (at) => {
        tables.sets[at] = topology.coreSets.none
        tables.cached[at] = 0
      }
    },
    caughtBy: [],
  },
  'PSMASH does not clear': {
    shown: 'PSMASH in a region that is optimised all the same',
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
}

function* broadcastFirst(...[{ rax, input }, world, machine, cpu, operation]: Of<'RMPUPDATE'>): OperationSteps {
  yield 'broadcast first'
  if (input.assigned) machine.tables.clear(machine.regionOf(rax))
  return yield* stepsOf(world, withoutClear(machine), cpu, operation)
}

function* broadcastLater(...[, world, machine, cpu, operation]: Of<'RMPUPDATE'>): OperationSteps {
  return yield* stepsOf(world, withoutClear(machine), cpu, operation)
}

/** The machine as an instruction sees it that clears nothing. */
function withoutClear(machine: Machine): Machine {
  const tables = Object.create(machine.tables, { clear: { value: () => {} } })
  return Object.create(machine, { tables: { value: tables } })
}

// biome-ignore lint/correctness/useYield: an instruction of one step
function* broadcastNow(...[, , machine]: Of<'WBINVD'>): OperationSteps {
  machine.tables.clear(region)
  return { kind: 'done' }
}
