import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { type CheckResult, check } from '../../../lab/index.ts'
import { inventedCheck, inventedFailure } from '../../../testing/check-results.ts'
import { checkReport } from './check-report.ts'

/** What is used of a document. */
interface Element {
  readonly textContent: string
  getAttribute(name: string): string | null
  querySelectorAll(selector: string): Iterable<Element>
}

function page(result: CheckResult): Element {
  return parseHTML(checkReport(result)).document as unknown as Element
}

/** Texts of elements, their spaces made plain. */
function texts(element: Element, selector: string): string[] {
  return [...element.querySelectorAll(selector)].map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim())
}

function rows(element: Element, selector: string): string[][] {
  return [...element.querySelectorAll(selector)].map((row) => texts(row, 'th, td'))
}

describe('checkReport', () => {
  test('answers first: what fails, what holds, what was not seen', () => {
    expect(texts(page(inventedCheck()), '.answer p')).toEqual([
      'Each of 2 policies fails between 1 (new) and 2 (old) of 3 properties.',
      'Balance holds everywhere, in every state.',
      '2 of 12 questions left open: the budget was used up before all was seen.',
    ])
  })

  test('has a matrix over all scenarios, and one for each, every verdict with a sign and states counted once', () => {
    const [overview, first, second] = [...page(inventedCheck()).querySelectorAll('table.matrix')]
    expect(rows(overview, 'tr')).toEqual([
      ['Property', 'old', 'new'],
      ['soundnessWhat soundness says.', '✗ 7in 2', '✗ 7in 1'],
      ['balanceWhat balance says.', '✓', '✓'],
      ['no deadlockWhat no deadlock says.', '✗ 1in 1', '?'],
      ['States visited', '123', '123'],
    ])
    expect(rows(first, 'tbody tr')).toEqual([
      ['soundness', '✗ 7', '✗ 7'],
      ['balance', '✓', '✓'],
      ['no deadlock', '✓', '?'],
    ])
    expect(rows(second, 'tbody tr')[0]).toEqual(['soundness', '✗ 8', '✓'])
  })

  test('tells each run once, and says of whom it is; every failure is a link to its run', () => {
    const document = page(inventedCheck())
    expect(texts(document, '.told > summary')).toEqual([
      'old and new in first, in 7 steps',
      'old in second, in 8 steps',
      'old in second, in 1 step',
    ])
    const ids = [...document.querySelectorAll('figure.run')].map((figure) => `#${figure.getAttribute('id')}`)
    expect(new Set(ids).size).toBe(3)
    const links = [...document.querySelectorAll('td.no a')].map((link) => link.getAttribute('href') ?? '')
    expect(links).toHaveLength(7)
    expect(new Set(links)).toEqual(new Set(ids))
  })

  test('draws a lane for each CPU, quiet steps in one row, and regions from change to change', () => {
    expect(rows(page(inventedFailure()), '.run tr')).toEqual([
      ['Step', 'CPU 0', 'CPU 1', 'region 0'],
      ['start', 'core 0 table on · core 1 table on · work not pending · request answered', 'optimised on 0,1'],
      ['1–2', 'guest begins · lock a_mutex', ''],
      ['3', '', 'worker RMPOPT region 0work: not pending → running'],
      ['4–6', 'guest RMPUPDATE page 1', '', '1 assigned, optimised on 0,11 assigned'],
      ['✗ 7', '', 'worker RMPOPT region 0, goes on', '1 assigned, optimised on 1'],
      [
        'end',
        'work running · as at the start: core 0 table on · core 1 table on · request answered',
        '1 assigned, optimised on 1',
      ],
    ])
  })

  test('gives every row of a run as many cells as it has columns', () => {
    for (const table of page(inventedCheck()).querySelectorAll('.run table')) {
      const span = (cell: Element, name: string) => Number(cell.getAttribute(name) ?? 1)
      const widths = [...table.querySelectorAll('tr')].map(() => 0)
      for (const [at, row] of [...table.querySelectorAll('tr')].entries()) {
        for (const cell of row.querySelectorAll('th, td')) {
          for (let below = 0; below < span(cell, 'rowspan'); below++) widths[at + below] += span(cell, 'colspan')
        }
      }
      expect(new Set(widths).size).toBe(1)
    }
  })

  test('says below a run what it breaks, and who is stuck', () => {
    const document = page(inventedCheck())
    expect(texts(document, '#run-3 .broken')).toEqual(['✗ breaks no deadlock: What no deadlock says.'])
    expect(texts(document, '.stuck li')).toEqual(['guest waits: lock a_mutex'])
  })

  test('refers to a run that breaks two properties instead of telling it twice', () => {
    const [soundness] = inventedCheck().results
    const document = page({ ...inventedCheck(), results: [soundness, { ...soundness, property: 'balance' }] })
    expect(texts(document, '.told > summary')).toEqual(['old in first, in 7 steps breaks balance, too'])
    expect(texts(document, '.elsewhere')).toEqual(['old in first, in 7 steps: the run under soundness'])
    expect(texts(document, '.broken')).toHaveLength(2)
  })

  test('opens the shortest runs where they are few', () => {
    const opened = [...page(inventedCheck()).querySelectorAll('.told')].map((told) => told.getAttribute('open') !== null)
    expect(opened).toEqual([true, false, true])
    const properties = Array.from({ length: 11 }, (_, at) => ({ name: `p${at}`, sentence: '' }))
    const [failure] = inventedCheck().results
    const results = properties.map(({ name }, at) => ({
      ...failure,
      property: name,
      trace: Array(at + 1).fill(failure.trace![0]),
    }))
    expect([...page({ ...inventedCheck(), properties, results }).querySelectorAll('[open]')]).toEqual([])
  })

  test('needs nothing besides itself: no script, nothing loaded, no link out of the page', () => {
    const text = checkReport(inventedCheck())
    expect(text.match(/<script|<link|<img|<iframe|@import|url\(|\bsrc=|https?:/)).toBeNull()
    for (const [, target] of text.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#run-\d+$/)
  })

  test('writes what it is given as text, never as markup', () => {
    const evil = '<img src=x onerror="alert(1)">&\'"'
    const { trace = [] } = inventedCheck().results[0]
    const steps = trace.map((step) => ({ ...step, who: evil, what: evil, changes: [{ of: evil, now: evil }] }))
    const change = { policy: evil, trace: steps, start: [{ of: 'region 0:', now: evil }], stuck: [evil] }
    const document = page({ ...inventedFailure(change), scenarios: [{ name: 'first', sentence: evil }] })
    expect([...document.querySelectorAll('img, [onerror], [src]')]).toEqual([])
    expect(texts(document, '.stuck li')).toEqual([evil])
  })

  test.each([
    ['no result at all', { ...inventedCheck(), results: [] }],
    ['a run without steps', inventedFailure({ trace: [], steps: 0 })],
    ['a run that does not say what it starts from', inventedFailure({ start: undefined })],
    ['a failure without its run', inventedFailure({ trace: undefined, start: undefined, steps: undefined })],
    ['nothing that fails', inventedFailure({ verdict: 'holds', trace: undefined })],
    ['a scenario and a property that it does not name', inventedFailure({ scenario: 'third', property: 'other' })],
  ])('bears %s', (_, result) => {
    const text = checkReport(result)
    expect(text.match(/.{30}(NaN|Infinity|undefined|null)/)?.[0]).toBeUndefined()
    expect(text.endsWith('</html>\n')).toBe(true)
  })

  test('shows a real run, the same bytes each time, and stays small', async () => {
    const result = await check({ policies: ['v7'], scenarios: ['kexec'] })
    const text = checkReport(result)
    expect(checkReport(structuredClone(result)) === text).toBe(true)
    const document = page(result)
    expect(texts(document, '.stuck li')).toContain('cpu_down waits until CPU3 has no pinned task')
    const failing = result.results.filter(({ verdict }) => verdict === 'fails')
    expect(texts(document, '.matrix')[0]).toContain(`✗ ${failing[0].steps}`)
    expect(text.length).toBeLessThan(20_000 + 10_000 * failing.length)
  })
})
