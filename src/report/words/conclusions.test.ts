import { describe, expect, test } from 'vitest'
import type { CompareResult } from '../../lab/index.ts'
import { inventedComparison, judged } from '../../testing/compare-results.ts'
import { conclusions } from './conclusions.ts'

describe('conclusions', () => {
  test('name the policy that beats the one held against, and by what', () => {
    expect(conclusions(inventedComparison())[0]).toBe(
      'dirty-regions beats v10 without being worse in any respect: coverage lost 0.0019 % instead of 0.0091 %, ' +
        'CPU time 35 min instead of 15.6 h, worst interruption 41 µs instead of 135 µs, memory kept 256 B instead of 320 B.',
    )
  })

  test('say what no policy can win, beside what another could', () => {
    const text = conclusions(inventedComparison()).join(' ')
    expect(text).toContain(
      'Over v10 a policy can win at most 0.0091 % of coverage; 8.9 % of the memory outside SNP guests is beyond every policy',
    )
    expect(text).toContain('from 0.00038 % (per-conversion) to 38.3 % (v1)')
  })

  test('claim no winner where one figure is bought with another', () => {
    const [answer, leaders] = conclusions(inventedComparison({ policies: ['v10', 'per-conversion', 'v2', 'ideal'] }))
    expect(answer).toBe('No policy here beats v10 in every respect: what betters one figure costs another.')
    expect(leaders).toContain('per-conversion loses least coverage')
    expect(leaders).toContain('v10 takes least CPU time')
  })

  test('say so where the policy held against is best', () => {
    const [answer] = conclusions(inventedComparison({ policies: ['v10', 'dirty-regions', 'none'], versus: 'dirty-regions' }))
    expect(answer).toBe('dirty-regions is at least as good as v10 in every respect.')
  })

  test('call even what differs less than is shown', () => {
    const result = withPolicies(inventedComparison({ policies: ['v9', 'v10'] }), (policy) => ({
      ...policy,
      coverageLost: 1e-4,
      cpuNs: 5.62e13,
    }))
    expect(conclusions(result)[0]).toBe('All 2 policies come out the same: which one runs makes no difference here.')
    const slightly = withPolicies(result, (policy) => (policy.name === 'v9' ? { ...policy, cpuNs: 5.6199e13 } : policy))
    expect(conclusions(slightly)[0]).toBe('Nothing here does visibly better than v10; v9 does as well.')
  })

  test('own up where the ranges of several seeds overlap', () => {
    const result = inventedComparison({ seeds: 2, policies: ['v10', 'dirty-regions'] })
    const blurred = withPolicies(result, (policy) => ({ ...policy, range: { ...policy.range!, cpuNs: [1, 1e15] } }))
    expect(conclusions(result)[0]).not.toContain('overlap')
    expect(conclusions(blurred)[0]).toContain('; the seeds’ ranges overlap in CPU time.')
  })

  test('count those that hold over all that is assumed', () => {
    expect(conclusions(inventedComparison({ isSwept: true })).at(-1)).toBe(
      '1 of 2 conclusions holds over the whole assumed range of 5 assumed parameters.',
    )
  })

  test('judge nothing where there is nothing to judge', () => {
    expect(conclusions(inventedComparison({ policies: ['none', 'ideal'] }))).toEqual([
      'Only bounds were run: there is no policy to judge.',
    ])
    const impossible = { ...inventedComparison(), ideal: { coverageMean: 0, timeline: [] } }
    expect(conclusions(impossible)).toEqual(['No region can be optimised on these hosts, whatever the policy.'])
    expect(conclusions(inventedComparison({ policies: ['v10'] }))[0]).toContain('v10, the only policy run, reaches 99.99 %')
  })
})

function withPolicies(
  result: CompareResult,
  change: (policy: CompareResult['policies'][number]) => CompareResult['policies'][number],
): CompareResult {
  return judged({ ...result, policies: result.policies.map(change) })
}
