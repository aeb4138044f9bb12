/** The race guarantee (§6.9), tried exhaustively: every interleaving of the micro-steps, on regions of a few pages. */
import { afterAll, describe, expect, it, vi } from 'vitest'
import { geometry } from '../arch/index.ts'
import { assign, coresWith, PAGE, psmash, put, share, verify } from '../testing/instructions.ts'
import { findViolation, interleavings, type Play, positionOf, type World } from '../testing/interleavings.ts'
import { enableSnp, SMALL, smallMachine, type TestMachineSpec } from '../testing/machines.ts'
import { access, type Instruction, type Machine, microSteps, type Outcome } from './index.ts'

/** A machine of one-huge-page regions: fewer schedules where there are three threads. */
const SMALLER = geometry(PAGE, 2, 1)

interface Scene {
  readonly spec?: TestMachineSpec
  /** Before the race. */
  readonly before?: (machine: Machine) => void
  /** What each CPU does in it; a CPU may do several things, one after the other. */
  readonly cpus: readonly (readonly [cpu: number, ...program: ((machine: Machine) => Instruction)[]])[]
  /** What is wrong with the hardware. */
  readonly mutate?: (machine: Machine) => void
}

type Race = Play<Machine, Outcome>

function stage({ spec, before, cpus, mutate }: Scene): () => World<Machine, Outcome> {
  return () => {
    const machine = enableSnp(smallMachine(spec), { init: false }) // SNP_INIT_EX has no part in this
    before?.(machine)
    mutate?.(machine)
    return { state: machine, threads: cpus.map(([cpu, ...program]) => run(machine, cpu, program)) }
  }
}

/** The micro-steps of a program. @returns the outcome of its last instruction */
function* run(
  machine: Machine,
  cpu: number,
  program: readonly ((machine: Machine) => Instruction)[],
): Generator<string, Outcome, void> {
  let outcome: Outcome = { kind: 'done' }
  for (const instruction of program) outcome = yield* microSteps(machine, cpu, instruction(machine))
  return outcome
}

const region = 0
const verifyIt = (machine: Machine) => verify(machine, region)
const assignLast = ({ geometry }: Machine) => assign(geometry.regionPages - 1)
const assignFirst = () => assign(0)

const answeredYes = (outcome: Outcome | undefined) => outcome !== undefined && 'cf' in outcome && outcome.cf
const succeeded = (outcome: Outcome | undefined) => outcome !== undefined && 'eax' in outcome && outcome.eax === 0

/**
 * §6.9 as it must hold after every step. Thread `updater` runs the RMPUPDATE, all others RMPOPT: once the RMPUPDATE has
 * completed no core has the bit, and whoever was told yes had published before the RMPUPDATE broadcast.
 */
function brokenGuarantee({ state, steps, answers }: Race, updater: number): string | undefined {
  if (answers[updater] !== undefined && coresWith(state, region).length > 0) return 'optimised after RMPUPDATE completed'
  if (answers[updater] !== undefined && state.tables.cached[region] === 1) return 'a result is cached after RMPUPDATE completed'
  for (const [thread, answer] of answers.entries()) {
    if (thread === updater || !answeredYes(answer)) continue
    const broadcast = positionOf(steps, updater, 'broadcast')
    if (broadcast >= 0 && positionOf(steps, thread, 'publish') > broadcast) return 'told yes after the broadcast'
  }
  return undefined
}

/** Plays all schedules of a scene, expects the guarantee to hold in each. @returns how often each set of answers came up */
function expectGuarantee(scene: Scene, updater: number): { schedules: number; yes: number; no: number } {
  const seen = { schedules: 0, yes: 0, no: 0 }
  seen.schedules = interleavings(stage(scene), {
    onStep: (race) => {
      const broken = brokenGuarantee(race, updater)
      if (broken !== undefined) expect.fail(`${broken}: ${JSON.stringify(race.steps)}`)
    },
    onEnd: ({ answers }) => {
      expect(succeeded(answers[updater])).toBe(true)
      for (const [thread, answer] of answers.entries()) if (thread !== updater) seen[answeredYes(answer) ? 'yes' : 'no']++
    },
  })
  return seen
}

describe('RMPOPT against RMPUPDATE in the region (§6.9) [L v1 review]', () => {
  const pair: Scene['cpus'] = [
    [0, verifyIt],
    [1, assignLast],
  ]

  it('ends un-optimised in every interleaving; both answers occur', () => {
    for (const page of [assignFirst, assignLast]) {
      const { schedules, yes, no } = expectGuarantee({ cpus: [pair[0], [1, page]] }, 1)
      expect(schedules).toBeGreaterThan(100)
      expect(Math.min(yes, no)).toBeGreaterThan(0) // else the race was none
    }
  })

  it('with a cached result, too', () => {
    const before = (machine: Machine) => machine.execute(2, verifyIt(machine))
    const { yes, no } = expectGuarantee({ spec: { cores: 3 }, before, cpus: pair }, 1)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('when the core has the region optimised already', () => {
    const before = (machine: Machine) => [0, 1].map((cpu) => machine.execute(cpu, verifyIt(machine)))
    const { yes, no } = expectGuarantee({ before, cpus: pair }, 1)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('when the RMPUPDATE comes from the sibling', () => {
    const spec = { cores: 1, threadsPerCore: 2 } as const
    const { yes, no } = expectGuarantee({ spec, cpus: pair }, 1)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('when a whole huge page is assigned', () => {
    const large = ({ geometry }: Machine) => assign(geometry.regionPages - geometry.hugePages, { size: '2M' })
    const { yes, no } = expectGuarantee({ cpus: [pair[0], [1, large]] }, 1)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('when RMPOPT is run again before the RMPUPDATE has completed', () => {
    const { yes, no } = expectGuarantee({ spec: { geometry: SMALLER }, cpus: [[0, verifyIt, verifyIt], pair[1]] }, 1)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('is not felt in another region: RMPOPT there succeeds in every interleaving (§6.8)', () => {
    const elsewhere = (machine: Machine) => assign(machine.geometry.regionPages)
    interleavings(stage({ cpus: [pair[0], [1, elsewhere]] }), {
      onEnd: ({ state, answers }) => {
        expect(answers[0]).toMatchObject({ cf: true })
        expect([coresWith(state, 0), coresWith(state, 1)]).toEqual([[0], []])
      },
    })
  })

  it('leaves the page protected: afterwards every CPU’s write to it faults, also through old translations (§5)', () => {
    const write = { who: 'hypervisor', spa: 3 * PAGE, write: true, mapping: SMALL.regionBytes } as const
    const before = (machine: Machine) => {
      machine.execute(0, verifyIt(machine))
      access(machine, 0, write)
    }
    function* writing(machine: Machine, cpu: number): Generator<string, Outcome, void> {
      for (let i = 0; i < 2; i++) {
        yield 'write to the page'
        access(machine, cpu, write)
      }
      return { kind: 'done' }
    }
    const build = stage({ before, cpus: pair })
    const withWriter = (): World<Machine, Outcome> => {
      const { state, threads } = build()
      return { state, threads: [...threads.slice(1), writing(state, 0)] }
    }
    let passed = 0
    interleavings(withWriter, {
      onEnd: ({ state }) => {
        for (const cpu of [0, 1]) expect(access(state, cpu, write)).toMatchObject({ kind: 'fault' })
        passed++
      },
    })
    expect(passed).toBe(56) // 8 over 3: five steps against three
  })
})

describe('RMPOPT on several threads against one RMPUPDATE (§6.1, §6.9, §6.11)', () => {
  it('two cores: neither is left optimised', () => {
    const cpus: Scene['cpus'] = [
      [0, verifyIt],
      [2, verifyIt],
      [1, assignLast],
    ]
    const { schedules, yes, no } = expectGuarantee({ spec: { cores: 3, geometry: SMALLER }, cpus }, 2)
    expect(schedules).toBeGreaterThan(10_000)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('two siblings: their core is not left optimised', () => {
    const cpus: Scene['cpus'] = [
      [0, verifyIt],
      [2, verifyIt],
      [1, assignLast],
    ]
    const { yes, no } = expectGuarantee({ spec: { cores: 2, threadsPerCore: 2, geometry: SMALLER }, cpus }, 2)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })

  it('two cores that find a cached result', () => {
    const before = (machine: Machine) => machine.execute(1, verifyIt(machine))
    const cpus: Scene['cpus'] = [
      [0, verifyIt],
      [2, verifyIt],
      [1, assignLast],
    ]
    const { yes, no } = expectGuarantee({ spec: { cores: 3 }, before, cpus }, 2)
    expect(Math.min(yes, no)).toBeGreaterThan(0)
  })
})

describe('RMPOPT against other conversions (§6.8)', () => {
  it('PSMASH: never optimised, never told yes [L v9]', () => {
    const before = (machine: Machine) => put(machine, 2, 'Guest-Valid', '2M')
    interleavings(
      stage({
        before,
        cpus: [
          [0, verifyIt],
          [1, () => psmash(2)],
        ],
      }),
      {
        onStep: ({ state }) => expect([coresWith(state, 0), state.tables.cached[0]]).toEqual([[], 0]),
        onEnd: ({ answers, state }) => {
          expect([answeredYes(answers[0]), succeeded(answers[1])]).toEqual([false, true])
          expect(state.rmp.entry(3)).toMatchObject({ size: '4K', validated: true })
        },
      },
    )
  })

  it('taking the last page back: either answer, and the bit says what was answered', () => {
    const seen = new Set<boolean>()
    interleavings(
      stage({
        before: (machine) => machine.execute(1, assign(3)),
        cpus: [
          [0, verifyIt],
          [1, () => share(3)],
        ],
      }),
      {
        onEnd: ({ state, answers }) => {
          seen.add(answeredYes(answers[0]))
          expect(coresWith(state, 0)).toEqual(answeredYes(answers[0]) ? [0] : [])
        },
      },
    )
    expect([...seen].sort()).toEqual([false, true])
  })

  it('one page taken back, then another assigned, by one CPU: un-optimised when both are done', () => {
    const scene: Scene = {
      before: (machine) => machine.execute(1, assign(0)),
      cpus: [
        [0, verifyIt],
        [1, () => share(0), () => assign(3)],
      ],
    }
    expectGuarantee(scene, 1)
  })

  it('one page taken back and another assigned by two CPUs at once: never optimised with an assigned page', () => {
    const scene: Scene = {
      spec: { cores: 3, geometry: geometry(PAGE, 1, 2) },
      before: (machine) => machine.execute(1, assign(0)),
      cpus: [
        [0, verifyIt],
        [1, () => share(0)],
        [2, () => assign(1)],
      ],
    }
    expectGuarantee(scene, 2)
  })

  it('a page that comes and goes: whoever is optimised was told so last, and asking again gives the right answer', () => {
    const scene: Scene = {
      spec: { geometry: SMALLER },
      cpus: [
        [0, verifyIt, verifyIt],
        [1, () => assign(1), () => share(1)],
      ],
    }
    const seen = new Set<string>()
    interleavings(stage(scene), {
      onEnd: ({ state, answers }) => {
        const optimised = coresWith(state, 0).length > 0
        if (optimised) expect(answeredYes(answers[0])).toBe(true)
        seen.add(`${answeredYes(answers[0])} ${optimised}`)
        expect(state.execute(0, verifyIt(state))).toMatchObject({ cf: true })
      },
    })
    expect([...seen].sort()).toEqual(['false false', 'true false', 'true true'])
  })
})

describe('two conversions at once (§4) [APM]', () => {
  const refused = (outcome: Outcome | undefined) =>
    outcome !== undefined && 'eax' in outcome && (outcome.eax === 3 || outcome.eax === 4)

  it('of pages of one huge page: each is done or refused (FAIL_INUSE, FAIL_OVERLAP), none half', () => {
    const seen = new Set<string>()
    interleavings(
      stage({
        cpus: [
          [0, () => assign(0)],
          [1, () => assign(1, { asid: 2 })],
        ],
      }),
      {
        onEnd: ({ state, answers }) => {
          for (const thread of [0, 1]) {
            expect(succeeded(answers[thread]) || refused(answers[thread])).toBe(true)
            expect(state.rmp.entry(thread).assigned).toBe(succeeded(answers[thread]))
          }
          expect(answers.some(succeeded)).toBe(true)
          expect(state.locks.size).toBe(0)
          seen.add(answers.map(succeeded).join())
        },
      },
    )
    expect([...seen].sort()).toEqual(['false,true', 'true,false', 'true,true'])
  })

  it('of one page by two CPUs: it belongs to one of them', () => {
    interleavings(
      stage({
        cpus: [
          [0, () => assign(0)],
          [1, () => assign(0, { asid: 2 })],
        ],
      }),
      {
        onEnd: ({ state, answers }) => {
          const winners = [0, 1].filter((thread) => succeeded(answers[thread])).map((thread) => thread + 1)
          expect(winners).toContain(state.rmp.asid(0))
        },
      },
    )
  })

  it('of the whole and of a part: PSMASH and RMPUPDATE, in either order', () => {
    const before = (machine: Machine) => put(machine, 2, 'Guest-Valid', '2M')
    interleavings(
      stage({
        before,
        cpus: [
          [0, () => psmash(2)],
          [1, () => share(3)],
        ],
      }),
      {
        onEnd: ({ state, answers }) => {
          expect(state.rmp.entry(2)).toMatchObject({ assigned: true, validated: true, asid: 1 })
          expect(state.rmp.entry(2).size).toBe(succeeded(answers[0]) ? '4K' : '2M')
          expect(state.rmp.entry(3).assigned).toBe(!succeeded(answers[1]))
        },
      },
    )
  })

  it('leave the counts right', () => {
    interleavings(
      stage({
        cpus: [
          [0, () => assign(0), () => share(0)],
          [1, () => assign(2, { size: '2M' })],
        ],
      }),
      {
        onEnd: ({ state }) => expect([...state.rmp.assignedPages].slice(0, 2)).toEqual([2, 0]),
      },
    )
  })
})

describe('mutants: hardware that breaks the guarantee is caught (a check that cannot fail is no check)', () => {
  const caught: string[] = []
  const pair: Scene['cpus'] = [
    [0, verifyIt],
    [1, assignLast],
  ]
  const cached = (machine: Machine) => machine.execute(2, verifyIt(machine))
  const none = (machine: Machine) => machine.topology.coreSets.none

  const mutants: Record<string, Scene> = {
    'the broadcast clears nothing': {
      cpus: pair,
      mutate: ({ tables }) => vi.spyOn(tables, 'clear').mockReturnValue(undefined),
    },
    'the broadcast clears bits, but a scan under way does not notice': {
      cpus: pair,
      mutate: (machine) =>
        vi.spyOn(machine.tables, 'clear').mockImplementation((at) => {
          machine.tables.sets[at] = none(machine)
          machine.tables.cached[at] = 0
        }),
    },
    'a scan under way does not notice, with a cached result': {
      spec: { cores: 3 },
      before: cached,
      cpus: pair,
      mutate: (machine) =>
        vi.spyOn(machine.tables, 'clear').mockImplementation((at) => {
          machine.tables.sets[at] = none(machine)
          machine.tables.cached[at] = 0
        }),
    },
    'a scan is not noticed by anybody': {
      cpus: pair,
      mutate: ({ tables }) =>
        vi.spyOn(tables, 'open').mockImplementation((id, region, cores) => {
          const deaf = { id, region, cores, lost: false }
          tables.scans.push(Object.defineProperty(deaf, 'lost', { get: () => false, set: () => {} }))
        }),
    },
    'the broadcast reaches only the CPU that sends it': {
      cpus: pair,
      mutate: (machine) => {
        const { coreSets } = machine.topology
        vi.spyOn(machine.tables, 'clear').mockImplementation((at) => {
          machine.tables.sets[at] = coreSets.minus(machine.tables.sets[at], coreSets.of([1]))
          machine.tables.cached[at] = 0
        })
      },
    },
    'RMPUPDATE does not drop the cached result': {
      spec: { cores: 3, options: { rmpupdateDropsCachedResult: false } },
      before: cached,
      cpus: pair,
    },
    'another region’s bit is cleared': {
      cpus: pair,
      mutate: ({ tables }) => {
        const clear = tables.clear.bind(tables)
        vi.spyOn(tables, 'clear').mockImplementation((at) => clear(at + 1))
      },
    },
  }

  for (const [name, scene] of Object.entries(mutants)) {
    it(name, () => {
      const violation = findViolation(stage(scene), (race) => brokenGuarantee(race, 1))
      expect(violation).toBeDefined()
      if (violation !== undefined) caught.push(name)
      expect(
        findViolation(stage({ ...scene, mutate: undefined, spec: { ...scene.spec, options: {} } }), (race) =>
          brokenGuarantee(race, 1),
        ),
        'the same scene on right hardware',
      ).toBeUndefined()
    })
  }

  it('RMPUPDATE broadcasts before it writes', () => {
    /** The clear first, the rest of the instruction then without one. */
    function* hasty(machine: Machine): Generator<string, Outcome, void> {
      yield 'broadcast'
      machine.tables.clear(region)
      const clear = vi.spyOn(machine.tables, 'clear').mockReturnValue(undefined)
      const outcome = yield* microSteps(machine, 1, assignLast(machine))
      clear.mockRestore()
      return outcome
    }
    const build = stage({ cpus: [[0, verifyIt]] })
    const world = (): World<Machine, Outcome> => {
      const { state, threads } = build()
      return { state, threads: [...threads, hasty(state)] }
    }
    const left = ({ state, answers }: Race) =>
      answers[1] !== undefined && coresWith(state, region).length > 0 ? 'left optimised' : undefined
    expect(findViolation(world, left)).toContain('left optimised')
  })

  it('a core publishes what it saw after all, though its scan was lost', () => {
    const scene: Scene = {
      cpus: pair,
      mutate: (machine) => {
        const { tables } = machine
        const publish = tables.publish.bind(tables)
        vi.spyOn(tables, 'publish').mockImplementation((id) => {
          for (const scan of tables.scans) scan.lost = false
          return publish(id)
        })
      },
    }
    expect(findViolation(stage(scene), (race) => brokenGuarantee(race, 1))).toContain('after')
  })

  afterAll(() => expect(caught).toHaveLength(Object.keys(mutants).length))
})
