import { describe, expect, it } from 'vitest'
import { PROPOSALS } from '../proposals.ts'
import { type PolicySpec, policyProblem, WHATS, WHOS, type When, type Who } from './spec.ts'
import { sentence, whatWords, whenWords, whoWords } from './words.ts'

const spec = (over: Partial<PolicySpec>): PolicySpec => ({
  name: 'x',
  summary: 'x',
  when: { at: 'teardown', delayS: 10, after: 'last' },
  what: 'all',
  who: WHOS['leader-followers'],
  base: 'lowest',
  ...over,
})
const who = (over: Partial<Who>) => spec({ who: { ...WHOS.broadcast, ...over } })

const WHENS: When[] = [
  { at: 'never' },
  { at: 'init' },
  { at: 'by-hand', atS: [1, 2] },
  { at: 'teardown', delayS: 10, after: 'first' },
  { at: 'conversion', delayS: 1, after: 'last' },
  { at: 'freed-folio' },
  { at: 'periodic', everyS: 60 },
]

describe('policyProblem', () => {
  it('has nothing against what was proposed in review', () => {
    for (const proposal of PROPOSALS) expect(policyProblem(proposal), proposal.name).toBeUndefined()
  })

  it('has nothing against any way by name, with when and what as in v10', () => {
    for (const [name, known] of Object.entries(WHOS)) expect(policyProblem(spec({ who: known })), name).toBeUndefined()
  })

  it('lets together what can know of each other: when and what', () => {
    const allowed = WHENS.map((when) => [when.at, WHATS.filter((what) => policyProblem(spec({ when, what })) === undefined)])
    expect(Object.fromEntries(allowed)).toEqual({
      never: ['all'],
      init: ['all'],
      'by-hand': ['all', 'dirty', 'emptied'],
      teardown: ['all', 'dirty', 'guest', 'emptied'],
      conversion: ['all', 'dirty', 'emptied'],
      'freed-folio': ['dirty', 'emptied'],
      periodic: ['all', 'dirty', 'emptied'],
    })
  })

  const contradictions: [string, PolicySpec, RegExp][] = [
    ['freed-folio and all memory', spec({ when: { at: 'freed-folio' }, what: 'all' }), /what: all .* freed-folio.*choose dirty/],
    ['freed-folio and a guest’s regions', spec({ when: { at: 'freed-folio' }, what: 'guest' }), /what: guest .* freed-folio/],
    [
      'a guest’s regions without a guest',
      spec({ when: { at: 'periodic', everyS: 60 }, what: 'guest' }),
      /what: guest .* periodic/,
    ],
    ['dirty regions of an init', spec({ when: { at: 'init' }, what: 'dirty' }), /what: dirty .* init/],
    ['emptied regions of never', spec({ when: { at: 'never' }, what: 'emptied' }), /what: emptied .* never/],
    ['followers of successes without a leader', who({ follow: 'successes' }), /follow successes needs a leader/],
    ['no followers without a leader', who({ follow: 'none' }), /follow none needs a leader/],
    ['groups of no cores', who({ reach: 'groups' }), /groups needs groupCores/],
    ['groups of a broadcast', who({ groupCores: 2 }), /groupCores .* reach broadcast/],
  ]
  it.each(contradictions)('says what is wrong: %s', (_, policy, why) => {
    expect(policyProblem(policy)).toMatch(why)
  })

  it('does not mind a base, whoever reaches by interrupts', () => {
    for (const base of ['socket', 'node'] as const) {
      expect(policyProblem(spec({ base }))).toBeUndefined()
      expect(policyProblem({ ...who({ reach: 'idle-first' }), base })).toBeUndefined()
    }
  })
})

describe('a policy in words', () => {
  it('says when', () => {
    expect(WHENS.map(whenWords)).toEqual([
      'never',
      'at init',
      'by hand, 2 times',
      '10 s after the first teardown',
      '1 s after the last conversion',
      'each freed folio',
      'every 60 s',
    ])
  })

  it('says what, each otherwise', () => {
    expect(new Set(WHATS.map(whatWords)).size).toBe(WHATS.length)
  })

  it('says who, each otherwise', () => {
    const all = Object.values(WHOS).map(whoWords)
    expect(new Set(all).size).toBe(all.length)
    expect(whoWords({ ...WHOS.broadcast, reach: 'groups', groupCores: 8 })).toBe('8 cores at a time')
    expect(whoWords(WHOS['leader-successes'])).toBe('leader, then successes by broadcast, one thread a core')
  })

  it('says all of it, naming a way that has a name', () => {
    expect(sentence(spec({ who: WHOS['idle-first'] }))).toBe('10 s after the last teardown: all memory; idle-first')
    expect(sentence(who({ reach: 'groups', groupCores: 2 }))).toBe('10 s after the last teardown: all memory; 2 cores at a time')
  })
})
