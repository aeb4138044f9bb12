/** States that differ only in who is who: merged or not, the verdicts are the same, and nothing else is merged. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { geometry, MSR_RMPOPT_BASE } from '../../arch/index.ts'
import type { Machine } from '../../machine/index.ts'
import { commands, does, guestWrites, modelOf, type Scene, writes } from '../../testing/hardware.ts'
import { assign, guestOf, PAGE, psmash, put, pvalidate, report, share, verify } from '../../testing/instructions.ts'
import { enableSnp, smallMachine, type TestMachineSpec } from '../../testing/machines.ts'
import { breadthFirst } from '../breadth-first.ts'
import type { Model } from '../model.ts'
import type { HardwareSpec } from './model.ts'
import type { Operation } from './operation.ts'

/** Regions of one huge page of two pages. */
const SMALLER = geometry(PAGE, 2, 1)
const ready = (spec: TestMachineSpec = {}) => enableSnp(smallMachine({ geometry: SMALLER, cores: 4, ...spec }), { init: false })
const plain = ready()

/** What is done to a region: the same can be done to another. */
type Deed = (region: number) => Operation

const DEEDS: Readonly<Record<string, Deed>> = {
  verify: (region) => does(verify(plain, region)),
  report: (region) => does(report(plain, region)),
  assign: (region) => does(assign(2 * region + 1)),
  'assign to another': (region) => does(assign(2 * region + 1, { asid: 2 })),
  'assign 2M': (region) => does(assign(2 * region, { size: '2M' })),
  share: (region) => does(share(2 * region + 1)),
  psmash: (region) => does(psmash(2 * region)),
  pvalidate: (region) => does(pvalidate(2 * region + 1)),
  adjust: (region) =>
    does({ name: 'RMPADJUST', guest: guestOf(2 * region + 1), size: '4K', targetVmpl: 1, permissions: 1, vmsa: false }),
  write: (region) => writes(2 * region + 1),
  'write through 2M': (region) => writes(2 * region, 2, 2 * PAGE),
  'guest writes': (region) => guestWrites(2 * region + 1),
  create: (region) => commands({ name: 'SNP_GCTX_CREATE', context: 2 * region * PAGE }),
}

/** What is in a region before. */
const CONTENTS: Readonly<Record<string, (machine: Machine, region: number) => void>> = {
  nothing: () => {},
  'a page of a guest': (machine, region) => put(machine, 2 * region + 1, 'Guest-Valid'),
  'a large page of a guest': (machine, region) => put(machine, 2 * region, 'Guest-Valid', '2M'),
  'a firmware page': (machine, region) => put(machine, 2 * region, 'Firmware'),
  'an optimisation': (machine, region) => void machine.execute(0, verify(machine, region)),
}

/** Hardware that is wrong in the same way everywhere. */
const HARDWARE: Readonly<Record<string, (machine: Machine) => void>> = {
  right: () => {},
  'clears nothing': ({ tables }) => {
    tables.clear = () => {}
  },
  'scans notice nothing': ({ tables, topology }) => {
    tables.clear = (region) => {
      tables.sets[region] = topology.coreSets.none
      tables.cached[region] = 0
    }
  },
  'shoots nothing down': ({ tlb }) => {
    tlb.shootDown = () => 0
  },
  'locks nothing': ({ locks }) => {
    locks.set = () => locks
  },
}

/** The model without its symmetries. */
function unmerged(model: Model): Model {
  const { words, actions, properties } = model
  return {
    words,
    actions,
    properties,
    initial: () => model.initial(),
    step: (from, action, to) => model.step(from, action, to),
    isEnd: (state) => model.isEnd(state),
    label: (state, action) => model.label(state, action),
  }
}

function found(model: Model) {
  const { states, verdicts, graph } = breadthFirst(model)
  const lengths = verdicts.map((verdict) =>
    verdict.kind === 'fails' ? `${verdict.property}: ${verdict.path.steps.length}` : verdict.kind,
  )
  return { states, lengths, graph }
}

/** Everything that can be reached, and how many classes that makes. */
function classes(model: Model, all: ReturnType<typeof found>): number {
  const representatives = new Set<string>()
  for (let index = 0; index < all.states; index++) {
    const state = all.graph.states.state(index).slice()
    model.canonicalise?.(state)
    representatives.add(state.join())
  }
  return representatives.size
}

/** What is done to region 0 on the first cores is done to region 1 on the others. */
const twice = (programs: readonly (readonly Deed[])[]) =>
  [0, 1].flatMap((region) =>
    programs.map((deeds, i) => ({ cpu: region * programs.length + i, program: deeds.map((deed) => deed(region)) })),
  )

describe('regions to which the same is done are taken for each other', () => {
  const nameIn = (of: object) => fc.constantFrom(...Object.keys(of))
  const scenes = fc.record({
    programs: fc.oneof(
      fc.tuple(fc.array(nameIn(DEEDS), { minLength: 1, maxLength: 3 })),
      fc.tuple(fc.array(nameIn(DEEDS), { minLength: 1, maxLength: 2 }), fc.tuple(nameIn(DEEDS))),
    ),
    contents: fc.oneof(
      nameIn(CONTENTS).map((content) => [content, content]),
      fc.array(nameIn(CONTENTS), { minLength: 2, maxLength: 2 }),
    ),
    hardware: nameIn(HARDWARE),
  })

  it('in random small programs: verdicts and lengths are the same, and just those states are merged that are alike', () => {
    fc.assert(
      fc.property(scenes, ({ programs, contents, hardware }) => {
        const machine = () => {
          const made = enableSnp(smallMachine({ geometry: SMALLER, cores: 4 }))
          for (const [region, content] of contents.entries()) CONTENTS[content](made, region)
          HARDWARE[hardware](made)
          return made
        }
        const threads = twice(programs.map((names) => names.map((name) => DEEDS[name])))
        const model = modelOf({ machine, threads }, { symmetry: true })
        const [all, merged] = [found(unmerged(model)), found(model)]
        expect(merged.lengths).toEqual(all.lengths)
        expect(merged.states).toBe(classes(model, all))
        const ofCpus = found(modelOf({ machine, threads }, { symmetry: 'CPUs' }))
        expect(ofCpus.lengths).toEqual(all.lengths)
        expect(ofCpus.states).toBeGreaterThanOrEqual(merged.states)
      }),
      { numRuns: 150, seed: 7 },
    )
  })

  const states = (scene: Scene, over: Partial<HardwareSpec>) => found(modelOf(scene, over)).states
  const counts = (scene: Scene) => [{}, { symmetry: 'CPUs' }, { symmetry: true }].map((over) => states(scene, over as never))

  // What goes on in one region has n states, so in k of them there are n to the k; what is left are combinations with repetition.
  it('two races: of n² states n (n + 1) / 2', () => {
    const [all, ofCpus, merged] = counts({ machine: () => ready(), threads: twice([[DEEDS.verify], [DEEDS.assign]]) })
    const one = Math.sqrt(all)
    expect([one, ofCpus, merged]).toEqual([37, all, (one * (one + 1)) / 2])
  })

  it('and CPUs within them at the same time: two regions of two verifiers each', () => {
    const [all, ofCpus, merged] = counts({ machine: () => ready(), threads: twice([[DEEDS.verify], [DEEDS.verify]]) })
    const [one, oneOfCpus] = [Math.sqrt(all), Math.sqrt(ofCpus)]
    expect([one, oneOfCpus, merged]).toEqual([29, 17, (oneOfCpus * (oneOfCpus + 1)) / 2])
  })

  it('three regions: of n³ states n (n + 1) (n + 2) / 6', () => {
    const machine = () => ready({ cores: 3, freeRegions: 3 })
    const threads = [0, 1, 2].map((region) => ({ cpu: region, program: [DEEDS.verify(region), DEEDS.write(region)] }))
    const [all, , merged] = counts({ machine, threads })
    const one = Math.round(Math.cbrt(all))
    expect([one, merged]).toEqual([6, (one * (one + 1) * (one + 2)) / 6])
  })
})

describe('regions are not taken for each other', () => {
  const notMerged = (scene: Scene) => {
    const [ofCpus, merged] = (['CPUs', true] as const).map((symmetry) => found(modelOf(scene, { symmetry })).states)
    expect(merged).toBe(ofCpus)
  }
  const done = twice([[DEEDS.verify], [DEEDS.write]])
  const scene: Scene = { machine: () => ready(), threads: done }

  it.each<[string, Scene]>([
    [
      'where one program goes over both',
      { ...scene, threads: [...done.slice(0, 3), { cpu: 3, program: [DEEDS.write(1), DEEDS.write(0)] }] },
    ],
    ['where other things are done to them', { ...scene, threads: [...done.slice(0, 3), { cpu: 3, program: [DEEDS.share(1)] }] }],
    ['that tables do not reach', { ...scene, machine: () => ready({ reachBytes: 2 * PAGE }) }],
    [
      'while tables are moved',
      {
        ...scene,
        threads: [...done, { cpu: 0, program: [does({ name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 2n ** 30n + 1n })] }],
      },
    ],
    ['where a mapping is of both', { ...scene, threads: [...done, { cpu: 0, program: [writes(0, 1, 4 * PAGE)] }] }],
    ['that hold the RMP', { ...scene, machine: () => ready({ freeRegions: 1 }) }],
  ])('%s', (_, one) => notMerged(one))

  it('by hardware that is seen not to treat them alike', () => {
    const machine = () => {
      const made = ready()
      for (const region of [0, 1]) CONTENTS['an optimisation'](made, region)
      const { clear } = made.tables
      made.tables.clear = (region) => (region === 1 ? undefined : clear.call(made.tables, region))
      return made
    }
    const threads = twice([[DEEDS.verify], [DEEDS.assign]])
    expect(() => found(modelOf({ machine, threads }, { symmetry: true }))).toThrow('the hardware treats regions alike')
  })
})
