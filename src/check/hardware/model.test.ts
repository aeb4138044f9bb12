/** The model of CPUs against hand-computed counts and against the plainest way to play everything. */
import { describe, expect, it } from 'vitest'
import { geometry, MSR_RMPOPT_BASE } from '../../arch/index.ts'
import { bruteForce, commands, does, endKey, guestWrites, modelOf, type Scene, writes } from '../../testing/hardware.ts'
import { assign, PAGE, psmash, put, pvalidate, report, share, verify } from '../../testing/instructions.ts'
import { enableSnp, smallMachine, type TestMachineSpec } from '../../testing/machines.ts'
import { breadthFirst } from '../breadth-first.ts'
import { depthFirst } from '../depth-first.ts'
import { endings } from '../endings.ts'
import { randomWalks } from '../random-walks.ts'
import type { HardwareModel } from './model.ts'
import { NO_SURPRISE } from './properties.ts'

/** Regions of one huge page. */
const SMALLER = geometry(PAGE, 2, 1)
const ready = (spec: TestMachineSpec = {}) => enableSnp(smallMachine(spec), { init: false })
const verifyIt = does(verify(ready(), 0))

const race: Scene = {
  machine: () => ready(),
  threads: [
    { cpu: 0, program: [verifyIt] },
    { cpu: 1, program: [does(assign(3))] },
  ],
}

/** What the model finds, in the same form as brute force. */
function ends(model: HardwareModel): Map<string, number> {
  const { graph } = breadthFirst(model)
  const found = new Map<string, number>()
  for (const { index, runs } of endings(model, graph)) {
    const state = graph.states.state(index)
    const answers = Array.from({ length: model.actions }, (_, thread) => model.answers(state, thread))
    found.set(endKey({ answers, world: model.enter(state[0]).save() }), runs)
  }
  return found
}

const total = (found: ReadonlyMap<string, number>) => [...found.values()].reduce((sum, runs) => sum + runs, 0)

describe('runs are counted as by hand', () => {
  it('two writes against an RMPUPDATE of five steps: 7 over 2', () => {
    const threads = [
      { cpu: 0, program: [writes(3), writes(3)] },
      { cpu: 1, program: [does(assign(3))] },
    ]
    expect(total(ends(modelOf({ ...race, threads })))).toBe(21)
  })

  it('an access is one step: two CPUs that write once each have two runs, three have six', () => {
    const threads = [0, 1, 2].map((cpu) => ({ cpu, program: [writes(cpu, cpu)] }))
    expect(total(ends(modelOf({ machine: () => ready({ cores: 3 }), threads: threads.slice(0, 2) })))).toBe(2)
    expect(total(ends(modelOf({ machine: () => ready({ cores: 3 }), threads })))).toBe(6)
  })

  it('three CPUs that write to the same page leave what the last has written, each as often', () => {
    const threads = [0, 1, 2].map((cpu) => ({ cpu, program: [writes(5, 10 + cpu)] }))
    const model = modelOf({ machine: () => ready({ cores: 3 }), threads })
    const { graph } = breadthFirst(model)
    const left = endings(model, graph).map(({ index, runs }) => [model.enter(graph.states.state(index)[0]).read(5), runs])
    expect(left.sort()).toEqual([
      [10, 2],
      [11, 2],
      [12, 2],
    ])
  })

  it('an RMPOPT that nothing disturbs is one run of five steps: begin, look up, two summaries, publish', () => {
    const model = modelOf({ ...race, threads: race.threads.slice(0, 1) })
    expect(breadthFirst(model)).toMatchObject({ states: 6, depth: 5, steps: 5 })
  })
})

const scenes: Record<string, Scene> = {
  'the race': race,
  'the race with a cached result': {
    machine: () => {
      const machine = ready({ cores: 3 })
      machine.execute(2, verify(machine, 0))
      return machine
    },
    threads: race.threads,
  },
  'three CPUs, one of them a sibling': {
    machine: () => ready({ threadsPerCore: 2, geometry: SMALLER }),
    threads: [
      { cpu: 0, program: [verifyIt] },
      { cpu: 2, program: [does(report(ready(), 0))] },
      { cpu: 1, program: [does(assign(1)), writes(1)] },
    ],
  },
  'two conversions of neighbours, and a guest': {
    machine: () => {
      const machine = ready({ cores: 3 })
      put(machine, 2, 'Guest-Valid', '2M')
      return machine
    },
    threads: [
      { cpu: 0, program: [does(psmash(2))] },
      { cpu: 1, program: [does(share(3))] },
      { cpu: 2, program: [guestWrites(2), does(pvalidate(3, false))] },
    ],
  },
  'firmware and MSRs': {
    machine: () => {
      const machine = enableSnp(smallMachine(), { init: false })
      machine.execute(0, verify(machine, 1))
      return machine
    },
    threads: [
      { cpu: 0, program: [commands({ name: 'SNP_INIT_EX', firmwareRanges: [], hvFixedRanges: [] }), verifyIt] },
      {
        cpu: 1,
        program: [
          does({ name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 0n }),
          does({ name: 'RDMSR', msr: MSR_RMPOPT_BASE }),
          does(verify(ready(), 1)),
          commands({ name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: true }),
          writes(3),
        ],
      },
    ],
  },
}

describe('membrane, memory and merging change nothing', () => {
  it.each(Object.entries(scenes))('%s: the ends, and how many runs lead to each, are those of brute force', (_, scene) => {
    const expected = bruteForce(scene)
    const found = ends(modelOf(scene))
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  })

  it.each(Object.entries(scenes))('%s: every strategy agrees, and no property fails', (_, scene) => {
    const broad = breadthFirst(modelOf(scene))
    const deep = depthFirst(modelOf(scene))
    expect(deep.states).toBe(broad.states)
    for (const { verdicts } of [broad, deep]) expect(verdicts.filter(({ kind }) => kind !== 'holds')).toEqual([])
    const walks = randomWalks(modelOf(scene), { walks: 20, seed: 1 })
    expect(walks.verdicts.every(({ kind }) => kind === 'unfinished')).toBe(true)
  })
})

describe('a program that is meant to run smoothly', () => {
  it('is told when it does not: a write to a page that another CPU assigns', () => {
    const asked = { properties: [NO_SURPRISE] }
    const threads = [{ cpu: 0, program: [writes(3)] }, race.threads[1]]
    expect(breadthFirst(modelOf({ ...race, threads }, asked)).verdicts[0]).toMatchObject({
      kind: 'fails',
      path: { steps: { length: 4 } },
    })
    expect(breadthFirst(modelOf(race, asked)).verdicts[0]).toMatchObject({ kind: 'holds' })
  })
})

describe('reductions', () => {
  const twice = [verifyIt, verifyIt]
  const broken = (machine = ready({ cores: 4, geometry: SMALLER })) => {
    machine.tables.clear = () => {}
    return machine
  }
  const many: Scene = {
    machine: () => ready({ cores: 4, geometry: SMALLER }),
    threads: [
      { cpu: 0, program: twice },
      { cpu: 1, program: twice },
      { cpu: 2, program: twice },
      { cpu: 3, program: [does({ name: 'WBINVD' }), does(assign(1)), does({ name: 'WBINVD' }), does({ name: 'WBINVD' })] },
    ],
  }
  const verdictsOf = (scene: Scene, over: object) => {
    const { states, verdicts } = breadthFirst(modelOf(scene, over))
    const lengths = verdicts.map((verdict) => (verdict.kind === 'fails' ? verdict.path.steps.length : verdict.kind))
    return { states, lengths, kinds: verdicts.map(({ property, kind }) => `${property}: ${kind}`) }
  }

  it.each([many, { ...many, machine: broken }])(
    'CPUs taken for each other: fewer states, the same verdicts and lengths (%#)',
    (scene) => {
      const [all, merged] = [verdictsOf(scene, {}), verdictsOf(scene, { symmetry: true })]
      expect(merged.kinds).toEqual(all.kinds)
      expect(merged.lengths).toEqual(all.lengths)
      expect(merged.states).toBeLessThan(all.states / 3)
    },
  )

  it.each([many, { ...many, machine: broken }])('private steps joined: fewer states, the same verdicts (%#)', (scene) => {
    const [all, joined] = [verdictsOf(scene, {}), verdictsOf(scene, { joinPrivate: true })]
    expect(joined.kinds).toEqual(all.kinds)
    expect(joined.states).toBeLessThan(all.states)
  })

  it('every orbit is counted once: the states of three writers, by who has written', () => {
    const threads = [0, 1, 2].map((cpu) => ({ cpu, program: [writes(5)] }))
    const machine = () => ready({ cores: 3 })
    // Each has written or not, its translation stays: 2³ states, 4 by how many have written.
    expect(breadthFirst(modelOf({ machine, threads })).states).toBe(8)
    expect(breadthFirst(modelOf({ machine, threads }, { symmetry: true })).states).toBe(4)
  })

  it('siblings are not taken for CPUs of different cores', () => {
    const machine = () => ready({ cores: 2, threadsPerCore: 2 })
    const threads = [0, 2, 1].map((cpu) => ({ cpu, program: [writes(5)] }))
    // CPU 0 and 2 are one core, CPU 1 is alone on the other: nobody can be taken for anybody.
    expect(breadthFirst(modelOf({ machine, threads }, { symmetry: true })).states).toBe(8)
  })
})

describe('what is found does not depend on anything but the model', () => {
  it('two explorations are equal to the last step of the last counterexample', () => {
    const scene: Scene = { ...race, machine: () => Object.assign(ready(), {}) }
    const cut = () => {
      const machine = scene.machine()
      machine.tlb.shootDown = () => 0
      return machine
    }
    const threads = [...race.threads, { cpu: 0, program: [writes(3), writes(3)] }]
    const [one, other] = [breadthFirst(modelOf({ machine: cut, threads })), breadthFirst(modelOf({ machine: cut, threads }))]
    expect(JSON.stringify(other.verdicts)).toBe(JSON.stringify(one.verdicts))
    expect(one.verdicts.filter(({ kind }) => kind === 'fails')).not.toEqual([])
  })
})
