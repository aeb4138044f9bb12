import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import type { CompareResult } from '../../lab/index.ts'
import { INVENTED_POLICIES, inventedComparison } from '../../testing/compare-results.ts'
import { conclusions } from '../words/conclusions.ts'
import { duration, percent } from '../words/format.ts'
import { compareReport } from './compare-report.ts'

const MANY = [...INVENTED_POLICIES.slice(0, -2), 'p-a', 'p-b', 'p-c', 'p-d', 'p-e', 'p-f', 'none', 'ideal']

/** What is used of a document. */
interface Page {
  readonly title: string
  readonly body: { readonly textContent: string }
  querySelectorAll(selector: string): Iterable<{ readonly textContent: string; getAttribute(name: string): string | null }>
}

function page(result: CompareResult): Page {
  return parseHTML(compareReport(result)).document as unknown as Page
}

/** The text of an element, its spaces made plain. */
function texts(document: Page, selector: string): string[] {
  return [...document.querySelectorAll(selector)].map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim())
}

describe('compareReport', () => {
  test('answers first, then shows the figures of every policy', () => {
    const result = inventedComparison()
    const document = page(result)
    expect(texts(document, '.answer p')).toEqual(conclusions(result))
    expect(texts(document, '.policies .name')).toEqual(result.policies.map(({ name }) => name))
    const rows = texts(document, '.policies tbody tr')
    for (const [at, { coverageLost, cpuNs, stallNsMax }] of result.policies.entries()) {
      for (const figure of [percent(coverageLost), duration(cpuNs), duration(stallNsMax)]) expect(rows[at]).toContain(figure)
    }
    expect(texts(document, 'tr.versus .name')).toEqual(['v10'])
    expect(texts(document, 'h2')).toHaveLength(8)
  })

  test('needs nothing besides itself: no script, nothing loaded', () => {
    const text = compareReport(inventedComparison({ isSwept: true }))
    expect(text.match(/<script|<link|<img|<iframe|@import|url\(|\bsrc=|href=|https?:/)).toBeNull()
  })

  test('gives the same bytes for the same result', () => {
    const result = inventedComparison({ isSwept: true, seeds: 3 })
    expect(compareReport(result) === compareReport(structuredClone(result))).toBe(true)
  })

  test('stays small for twenty policies on 2048 regions', () => {
    const result = inventedComparison({ policies: MANY, regions: 2048, moments: 120, seeds: 4, isSwept: true })
    expect(compareReport(result).length).toBeLessThan(2e6)
  })

  test('says in words what every figure shows', () => {
    const labels = [...page(inventedComparison({ isSwept: true })).querySelectorAll('svg.plot')].map((svg) => [
      svg.getAttribute('role'),
      svg.getAttribute('aria-label') ?? '',
    ])
    expect(labels.length).toBeGreaterThan(15)
    for (const [role, label] of labels) expect([role, label]).toEqual(['img', expect.stringMatching(/\w+.*\w+/)])
    expect(labels.map(([, label]) => label).join()).toContain('dirty-regions 35 min, 0.0019 %')
  })

  test('takes its colours from variables, so that one drawing serves light and dark', () => {
    const colours = [...compareReport(inventedComparison({ isSwept: true })).matchAll(/ (?:fill|stroke)="([^"]+)"/g)].map(
      ([, colour]) => colour,
    )
    for (const colour of new Set(colours)) expect(colour).toMatch(/^(none|currentColor|var\(--[a-z0-9-]+\))$/)
  })

  test('writes what it is given as text, never as markup', () => {
    const evil = '<img src=x onerror="alert(1)">&\'"'
    const result = inventedComparison({ policies: [evil, 'v10', 'dirty-regions'], versus: evil, isSwept: true })
    const text = compareReport({ ...result, trace: evil, command: evil, host: { ...result.host, name: evil } })
    const document = parseHTML(text).document as unknown as Page
    expect([...document.querySelectorAll('img, [onerror], [src]')]).toEqual([])
    const labels = [...document.querySelectorAll('svg.plot')].map((svg) => svg.getAttribute('aria-label') ?? '')
    expect(labels.filter((label) => label.includes(evil)).length).toBeGreaterThan(5)
    expect(texts(document, '.policies .name')[0]).toBe(evil)
    expect(texts(document, 'pre code')).toEqual([evil])
  })

  test('tells which conclusions fail, and at what', () => {
    const document = page(inventedComparison({ isSwept: true }))
    expect(texts(document, '.conclusions .survives')).toEqual(['✓ survives dirty-regions costs less CPU time than v10'])
    expect(texts(document, '.conclusions .fails')[0]).toContain('at ipiNs = 90 000 ns; guest.teardown = 1 GiB/s')
    expect(page(inventedComparison()).body.textContent).toContain('were not swept')
  })

  test.each([
    ['one policy at one moment', inventedComparison({ policies: ['v10'], moments: 1, regions: 3 })],
    ['bounds only', inventedComparison({ policies: ['none', 'ideal'], versus: 'none' })],
    ['no delays', inventedComparison({ policies: ['v1', 'none'], versus: 'v1' })],
    ['nothing possible', nothingPossible()],
    ['no moments at all', inventedComparison({ moments: 0, policies: ['v10', 'v9'] })],
    ['a policy held against that was not run', inventedComparison({ versus: 'v11' })],
  ])('bears %s', (_, result) => {
    const text = compareReport(result)
    expect(text.match(/.{30}(NaN|Infinity|undefined|null)/)?.[0]).toBeUndefined()
    expect(text.endsWith('</html>\n')).toBe(true)
  })
})

/** A host that cannot use RMPOPT. */
function nothingPossible(): CompareResult {
  const result = inventedComparison()
  const timeline = result.ideal.timeline.map(({ endNs }) => ({ endNs, coverage: 0, checksSkipped: 0 }))
  const zero = {
    coverageMean: 0,
    shareOfIdeal: 0,
    coverageLost: 0,
    checksSkipped: 0,
    cpuNs: 0,
    cpuShare: 0,
    stallNsMax: 0,
    ipis: 0,
    timeline,
  }
  const delayNs = { p50: null, p99: null, max: null, count: 0, neverCount: 0 }
  const policies = result.policies.map((policy) => ({ ...policy, ...zero, delayNs, delayHistogram: [] }))
  return { ...result, policies, ideal: { coverageMean: 0, timeline }, map: { ...result.map, policies: [] } }
}
